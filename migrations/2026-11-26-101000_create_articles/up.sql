CREATE FUNCTION is_image(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    jsonb_typeof(value) = 'object'
    AND coalesce(is_http_url(value ->> 'url'), false)
    AND coalesce(is_line(value ->> 'alt', 500), true)
    AND coalesce(is_multiline_text(value ->> 'caption', 1000), true)
    AND coalesce(is_line(value ->> 'credit', 200), true)
    AND coalesce((value ->> 'width')::bigint BETWEEN 1 AND 100000, true)
    AND coalesce((value ->> 'height')::bigint BETWEEN 1 AND 100000, true);

CREATE TABLE articles (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    kind text NOT NULL DEFAULT 'news' CHECK (kind IN ('news', 'opinion', 'analysis', 'interview', 'live', 'sponsored')),
    title text NOT NULL CHECK (is_line(title, 300)),
    short_title text CHECK (is_line(short_title, 100)),
    kicker text CHECK (is_line(kicker, 100)),
    lede text CHECK (is_multiline_text(lede, 2000)),
    body text NOT NULL DEFAULT '' CHECK (
        char_length(body) <= 500000 AND body !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
    ),
    body_format text NOT NULL DEFAULT 'markdown' CHECK (body_format IN ('markdown', 'html')),
    -- Rendered from `body` when it is written, so that reads render nothing.
    body_html text NOT NULL DEFAULT '',
    body_text text NOT NULL DEFAULT '',
    language text NOT NULL CHECK (is_language_tag(language)),
    dir text NOT NULL CHECK (dir IN ('ltr', 'rtl')),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'published', 'withdrawn')),
    -- A scheduled article is public as of `published_at`, whether or not its status says so yet.
    published_at timestamptz CHECK (is_timestamp(published_at)),
    first_published_at timestamptz,
    -- The sort key of lists: an article without a publication time comes first.
    listed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, 'infinity')) STORED,
    -- When the public stops seeing it.
    expires_at timestamptz CHECK (is_timestamp(expires_at)),
    release text CHECK (release IN ('pending', 'out', 'expired')),
    public_effect text CHECK (public_effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    early_effect text CHECK (early_effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    previous jsonb,
    category_id uuid REFERENCES categories (id),
    dateline text CHECK (is_line(dateline, 100)),
    image jsonb CHECK (image IS NULL OR is_image(image)),
    word_count integer NOT NULL DEFAULT 0 CHECK (word_count >= 0),
    reading_minutes integer NOT NULL DEFAULT 1 CHECK (reading_minutes > 0),
    canonical_url text CHECK (is_http_url(canonical_url)),
    source text CHECK (is_line(source, 200)),
    -- The original; null in the original itself. Never a translation, so all translations share one key.
    translation_of uuid REFERENCES articles (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz,
    title_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_key(title)) STORED,
    -- The terms of all texts, and those of the title (weight A) and the lede (B) alone, which matches are ranked by.
    search tsvector NOT NULL DEFAULT '',
    search_head tsvector NOT NULL DEFAULT '',
    CONSTRAINT articles_published_at_required CHECK (status NOT IN ('scheduled', 'published') OR published_at IS NOT NULL),
    CONSTRAINT articles_expires_after_publication CHECK (expires_at > published_at),
    CONSTRAINT articles_translation_of_check CHECK (translation_of <> id),
    -- Bounds the size of a page of articles, and lets every body that is read be sent back.
    CONSTRAINT articles_rendered_size CHECK (octet_length(body_html) <= 4194304 AND octet_length(body_text) <= 4194304)
);
ALTER TABLE articles ALTER search SET STATISTICS 200;

CREATE UNIQUE INDEX articles_slug_key ON articles (slug) WHERE deleted_at IS NULL;
-- Finds all slugs with a prefix, to choose the next free number.
CREATE INDEX articles_slug_prefix ON articles (slug text_pattern_ops) WHERE deleted_at IS NULL;

-- Lists and searches of the public. With `expires_at`, rows are counted without reading the table.
CREATE INDEX articles_public ON articles (listed_at, id) INCLUDE (expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX articles_public_category ON articles (category_id, listed_at, id) INCLUDE (expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX articles_public_language ON articles (language, listed_at, id) INCLUDE (expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX articles_public_category_language ON articles (category_id, language, listed_at, id) INCLUDE (expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX articles_public_source ON articles (source, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired' AND source IS NOT NULL;
-- Most articles are news: a list of those reads the other indexes.
CREATE INDEX articles_public_kind ON articles (kind, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired' AND kind <> 'news';
-- With `listed_at`, so that the articles changed since a time are sorted by publication without reading the table.
CREATE INDEX articles_public_updated ON articles (updated_at, id) INCLUDE (listed_at, expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX articles_title_words ON articles USING gin (to_tsvector('simple', title_key)) WITH (fastupdate = off)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';

-- What the task that puts content out, and takes it back, looks for.
CREATE INDEX articles_pending ON articles (listed_at) WHERE release = 'pending';
CREATE INDEX articles_expiring ON articles (expires_at) WHERE expires_at IS NOT NULL AND release IN ('pending', 'out');

-- Lists and searches with an API key.
CREATE INDEX articles_all ON articles (listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_category ON articles (category_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_language ON articles (language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_category_language ON articles (category_id, language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_kind ON articles (kind, listed_at, id) WHERE deleted_at IS NULL AND kind <> 'news';
CREATE INDEX articles_source ON articles (source, listed_at, id) WHERE deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX articles_updated ON articles (updated_at, id) INCLUDE (listed_at) WHERE deleted_at IS NULL;
CREATE INDEX articles_unpublished ON articles (status, listed_at, id)
    WHERE status <> 'published' AND deleted_at IS NULL;
CREATE INDEX articles_search ON articles USING gin (search, search_periods(listed_at)) WITH (fastupdate = off)
    WHERE deleted_at IS NULL;

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON articles
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER set_release_on_insert BEFORE INSERT ON articles FOR EACH ROW EXECUTE FUNCTION set_release();
CREATE TRIGGER set_release_on_update BEFORE UPDATE ON articles
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION set_release();
CREATE TRIGGER require_live_category BEFORE INSERT OR UPDATE OF category_id, deleted_at ON articles
    FOR EACH ROW WHEN (NEW.category_id IS NOT NULL AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION require_live_category();

-- How many articles of each category are public or will be, and have not expired. Writes add their changes, which a task of
-- the server adds up (`categories/counts.rs`): no write waits for another. The number is the sum of both tables.
CREATE TABLE article_counts (
    category_id uuid PRIMARY KEY REFERENCES categories (id),
    count bigint NOT NULL
);
CREATE TABLE article_count_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id uuid NOT NULL,
    change integer NOT NULL CHECK (change IN (-1, 1))
);

CREATE FUNCTION count_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.category_id IS NOT NULL AND OLD.status IN ('scheduled', 'published') AND OLD.deleted_at IS NULL
        AND OLD.release IS DISTINCT FROM 'expired' THEN
        INSERT INTO article_count_changes (category_id, change) VALUES (OLD.category_id, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.category_id IS NOT NULL AND NEW.status IN ('scheduled', 'published') AND NEW.deleted_at IS NULL
        AND NEW.release IS DISTINCT FROM 'expired' THEN
        INSERT INTO article_count_changes (category_id, change) VALUES (NEW.category_id, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_new_article AFTER INSERT ON articles
    FOR EACH ROW WHEN (NEW.category_id IS NOT NULL) EXECUTE FUNCTION count_article();
CREATE TRIGGER count_removed_article AFTER DELETE ON articles
    FOR EACH ROW WHEN (OLD.category_id IS NOT NULL) EXECUTE FUNCTION count_article();
CREATE TRIGGER count_changed_article AFTER UPDATE ON articles
    FOR EACH ROW WHEN ((OLD.status, OLD.category_id, OLD.deleted_at, OLD.release)
        IS DISTINCT FROM (NEW.status, NEW.category_id, NEW.deleted_at, NEW.release))
    EXECUTE FUNCTION count_article();

-- A former slug redirects until a published article takes it: a draft with that slug does not interrupt the redirect, nor
-- does one that was never published leave a redirect behind.
CREATE FUNCTION record_former_article_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'published' AND NEW.deleted_at IS NULL THEN
        DELETE FROM former_slugs WHERE resource = 'article' AND slug = NEW.slug;
    ELSE
        DELETE FROM former_slugs WHERE resource = 'article' AND slug = NEW.slug AND resource_id = NEW.id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.slug <> NEW.slug THEN
        INSERT INTO former_slugs AS former (resource, slug, resource_id) VALUES ('article', OLD.slug, NEW.id)
        ON CONFLICT (resource, slug) DO UPDATE SET resource_id = excluded.resource_id, changed_at = now()
        WHERE NEW.first_published_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_former_slug AFTER INSERT OR UPDATE OF slug, status, deleted_at ON articles
    FOR EACH ROW EXECUTE FUNCTION record_former_article_slug();

-- The authors and the tags of articles, in the given order. The columns that lists filter and sort by are copied from the
-- article by triggers, so that the articles of one author or tag are read in order from one index. `id` is the article's.
CREATE TABLE article_authors (
    id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES authors (id),
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 19),
    status text NOT NULL,
    language text NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    expires_at timestamptz,
    release text,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, author_id),
    UNIQUE (id, place)
);
CREATE INDEX article_authors_listed ON article_authors (author_id, listed_at, id)
    INCLUDE (status, language, category_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX article_authors_updated ON article_authors (author_id, updated_at, id) WHERE deleted_at IS NULL;
-- Whether an author has an article that the public sees, however many drafts there are.
CREATE INDEX article_authors_public ON article_authors (author_id, listed_at, id) INCLUDE (language, category_id, expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';

CREATE TABLE article_tags (
    id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 49),
    status text NOT NULL,
    language text NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    expires_at timestamptz,
    release text,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, tag_id),
    UNIQUE (id, place)
);
CREATE INDEX article_tags_listed ON article_tags (tag_id, listed_at, id)
    INCLUDE (status, language, category_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX article_tags_updated ON article_tags (tag_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX article_tags_public ON article_tags (tag_id, listed_at, id) INCLUDE (language, category_id, expires_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';

-- Fills the copied columns of a new row. The lock keeps the author or tag from being deleted until the commit.
CREATE FUNCTION copy_from_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT status, language, category_id, listed_at, expires_at, release, updated_at, deleted_at
    INTO NEW.status, NEW.language, NEW.category_id, NEW.listed_at, NEW.expires_at, NEW.release, NEW.updated_at, NEW.deleted_at
    FROM articles WHERE id = NEW.id;
    IF TG_TABLE_NAME = 'article_authors' THEN
        PERFORM FROM authors WHERE id = NEW.author_id AND deleted_at IS NULL FOR SHARE;
    ELSE
        PERFORM FROM tags WHERE id = NEW.tag_id AND deleted_at IS NULL FOR SHARE;
    END IF;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_live',
            MESSAGE = 'the author or tag does not exist or is deleted', DETAIL = (NEW.place)::text;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER copy_from_article BEFORE INSERT OR UPDATE OF id, author_id ON article_authors
    FOR EACH ROW EXECUTE FUNCTION copy_from_article();
CREATE TRIGGER copy_from_article BEFORE INSERT OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION copy_from_article();

-- Updates the copied columns when the article changes.
CREATE FUNCTION copy_to_article_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE article_authors SET status = NEW.status, language = NEW.language, category_id = NEW.category_id,
        listed_at = NEW.listed_at, expires_at = NEW.expires_at, release = NEW.release, updated_at = NEW.updated_at,
        deleted_at = NEW.deleted_at WHERE id = NEW.id;
    UPDATE article_tags SET status = NEW.status, language = NEW.language, category_id = NEW.category_id,
        listed_at = NEW.listed_at, expires_at = NEW.expires_at, release = NEW.release, updated_at = NEW.updated_at,
        deleted_at = NEW.deleted_at WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_to_article_lists AFTER UPDATE ON articles FOR EACH ROW
    WHEN ((OLD.status, OLD.language, OLD.category_id, OLD.listed_at, OLD.expires_at, OLD.release, OLD.updated_at, OLD.deleted_at)
        IS DISTINCT FROM (NEW.status, NEW.language, NEW.category_id, NEW.listed_at, NEW.expires_at, NEW.release, NEW.updated_at,
            NEW.deleted_at))
    EXECUTE FUNCTION copy_to_article_lists();

-- An article may be restored only when its authors and tags are not deleted. The locks keep them from being deleted until
-- the commit.
CREATE FUNCTION require_live_authors_and_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM authors JOIN article_authors ON author_id = authors.id
    WHERE article_authors.id = NEW.id FOR SHARE OF authors;
    PERFORM FROM tags JOIN article_tags ON tag_id = tags.id
    WHERE article_tags.id = NEW.id FOR SHARE OF tags;
    IF EXISTS (SELECT FROM article_authors JOIN authors ON authors.id = author_id
            WHERE article_authors.id = NEW.id AND authors.deleted_at IS NOT NULL)
        OR EXISTS (SELECT FROM article_tags JOIN tags ON tags.id = tag_id
            WHERE article_tags.id = NEW.id AND tags.deleted_at IS NOT NULL) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'articles_authors_tags_live',
            MESSAGE = 'an author or tag of the article is deleted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER require_live_authors_and_tags AFTER UPDATE OF deleted_at ON articles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION require_live_authors_and_tags();

-- An author or tag may be deleted only when no article has it.
CREATE FUNCTION refuse_delete_while_named() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used boolean;
BEGIN
    IF TG_TABLE_NAME = 'authors' THEN
        used := EXISTS (SELECT FROM article_authors WHERE author_id = NEW.id AND deleted_at IS NULL);
    ELSE
        used := EXISTS (SELECT FROM article_tags WHERE tag_id = NEW.id AND deleted_at IS NULL);
    END IF;
    IF used THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_in_use',
            MESSAGE = 'articles still refer to it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_delete_while_named BEFORE UPDATE OF deleted_at ON authors FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION refuse_delete_while_named();
CREATE TRIGGER refuse_delete_while_named BEFORE UPDATE OF deleted_at ON tags FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION refuse_delete_while_named();
