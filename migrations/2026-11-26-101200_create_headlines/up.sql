CREATE TABLE headlines (
    id uuid PRIMARY KEY,
    title text NOT NULL CHECK (is_line(title, 300)),
    language text NOT NULL CHECK (is_language_tag(language)),
    dir text NOT NULL CHECK (dir IN ('ltr', 'rtl')),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'published', 'withdrawn')),
    -- A scheduled headline is public as of `published_at`, like an article.
    published_at timestamptz CHECK (is_timestamp(published_at)),
    first_published_at timestamptz,
    -- The sort key of lists: a headline without a publication time comes first.
    listed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, 'infinity')) STORED,
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('normal', 'breaking', 'flash')),
    pinned boolean NOT NULL DEFAULT false,
    -- When the public stops seeing it.
    expires_at timestamptz CHECK (is_timestamp(expires_at)),
    category_id uuid REFERENCES categories (id),
    article_id uuid REFERENCES articles (id),
    url text CHECK (is_http_url(url)),
    source text CHECK (is_line(source, 200)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz,
    release text CHECK (release IN ('pending', 'out', 'expired')),
    public_effect text CHECK (public_effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    early_effect text CHECK (early_effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    previous jsonb,
    -- The terms of the title.
    search tsvector NOT NULL DEFAULT '',
    CONSTRAINT headlines_published_at_required CHECK (status NOT IN ('scheduled', 'published') OR published_at IS NOT NULL),
    CONSTRAINT headlines_expires_after_publication CHECK (expires_at > published_at)
);
ALTER TABLE headlines ALTER search SET STATISTICS 200;

-- Lists of the public. What has expired leaves them when the log says so, so that few rows are read that have expired since.
CREATE INDEX headlines_public ON headlines (listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX headlines_public_category ON headlines (category_id, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX headlines_public_language ON headlines (language, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX headlines_public_category_language ON headlines (category_id, language, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired';
CREATE INDEX headlines_public_source ON headlines (source, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND release IS DISTINCT FROM 'expired' AND source IS NOT NULL;
-- What the task that puts content out, and takes it back, looks for.
CREATE INDEX headlines_pending ON headlines (listed_at) WHERE release = 'pending';
CREATE INDEX headlines_expiring ON headlines (expires_at) WHERE expires_at IS NOT NULL AND release IN ('pending', 'out');
CREATE INDEX headlines_public_updated ON headlines (updated_at, id) INCLUDE (listed_at)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL;

-- Lists with an API key.
CREATE INDEX headlines_all ON headlines (listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_category ON headlines (category_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_language ON headlines (language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_category_language ON headlines (category_id, language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_source ON headlines (source, listed_at, id) WHERE deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX headlines_updated ON headlines (updated_at, id) INCLUDE (listed_at) WHERE deleted_at IS NULL;
CREATE INDEX headlines_unpublished ON headlines (status, listed_at, id)
    WHERE status <> 'published' AND deleted_at IS NULL;
CREATE INDEX headlines_article_id ON headlines (article_id) WHERE article_id IS NOT NULL;

-- Rare rows, for all callers.
CREATE INDEX headlines_priority ON headlines (priority, listed_at, id)
    WHERE deleted_at IS NULL AND priority <> 'normal';
CREATE INDEX headlines_pinned ON headlines (listed_at, id) WHERE deleted_at IS NULL AND pinned;
CREATE INDEX headlines_with_article ON headlines (listed_at, id)
    WHERE deleted_at IS NULL AND article_id IS NOT NULL;
CREATE INDEX headlines_search ON headlines USING gin (search, search_periods(listed_at)) WITH (fastupdate = off)
    WHERE deleted_at IS NULL;

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON headlines
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER set_release_on_insert BEFORE INSERT ON headlines FOR EACH ROW EXECUTE FUNCTION set_release();
CREATE TRIGGER set_release_on_update BEFORE UPDATE ON headlines
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION set_release();
CREATE TRIGGER require_live_category BEFORE INSERT OR UPDATE OF category_id, deleted_at ON headlines
    FOR EACH ROW WHEN (NEW.category_id IS NOT NULL AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION require_live_category();

-- A headline can be linked only to an article that is not deleted. When the article is deleted later, the headline keeps the
-- link, which is not shown until the article is restored.
CREATE FUNCTION require_live_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles WHERE id = NEW.article_id AND deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'headlines_article_id_live',
            MESSAGE = 'the article does not exist or is deleted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER require_live_article_on_insert BEFORE INSERT ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL) EXECUTE FUNCTION require_live_article();
CREATE TRIGGER require_live_article_on_update BEFORE UPDATE OF article_id ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL AND NEW.article_id IS DISTINCT FROM OLD.article_id)
    EXECUTE FUNCTION require_live_article();

-- The tags of the articles that headlines link to, for each headline, with the columns that lists filter and sort by: the
-- headlines of one tag are read in order from one index. `id` is the headline's. Written by triggers only.
CREATE TABLE headline_tags (
    id uuid NOT NULL REFERENCES headlines (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    article_id uuid NOT NULL,
    status text NOT NULL,
    language text NOT NULL,
    priority text NOT NULL,
    pinned boolean NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    expires_at timestamptz,
    release text,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, tag_id),
    FOREIGN KEY (article_id, tag_id) REFERENCES article_tags (id, tag_id)
);
CREATE INDEX headline_tags_listed ON headline_tags (tag_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headline_tags_updated ON headline_tags (tag_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headline_tags_article ON headline_tags (article_id, tag_id);

-- When a headline is created, changed or linked to another article. `require_live_article` has locked the article, so its
-- tags do not change meanwhile.
CREATE FUNCTION copy_to_headline_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.article_id IS NOT DISTINCT FROM OLD.article_id THEN
            UPDATE headline_tags SET status = NEW.status, language = NEW.language, priority = NEW.priority,
                pinned = NEW.pinned, category_id = NEW.category_id, listed_at = NEW.listed_at,
                expires_at = NEW.expires_at, release = NEW.release, updated_at = NEW.updated_at, deleted_at = NEW.deleted_at
            WHERE id = NEW.id;
            RETURN NULL;
        END IF;
        DELETE FROM headline_tags WHERE id = NEW.id;
    END IF;
    INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
        expires_at, release, updated_at, deleted_at)
    SELECT NEW.id, tag_id, NEW.article_id, NEW.status, NEW.language, NEW.priority, NEW.pinned, NEW.category_id,
        NEW.listed_at, NEW.expires_at, NEW.release, NEW.updated_at, NEW.deleted_at
    FROM article_tags WHERE article_tags.id = NEW.article_id;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_to_headline_tags_on_insert AFTER INSERT ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL) EXECUTE FUNCTION copy_to_headline_tags();
CREATE TRIGGER copy_to_headline_tags_on_update AFTER UPDATE ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL OR OLD.article_id IS NOT NULL)
    EXECUTE FUNCTION copy_to_headline_tags();

-- When a tag is added to an article or removed from it. The locks keep headlines from being linked to the article, and the
-- linked ones from changing.
CREATE FUNCTION tag_headlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles WHERE id = NEW.id FOR NO KEY UPDATE;
    PERFORM FROM headlines WHERE article_id = NEW.id ORDER BY id FOR SHARE;
    INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
        expires_at, release, updated_at, deleted_at)
    SELECT id, NEW.tag_id, article_id, status, language, priority, pinned, category_id, listed_at, expires_at,
        release, updated_at, deleted_at
    FROM headlines WHERE article_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER tag_headlines AFTER INSERT OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION tag_headlines();

CREATE FUNCTION untag_headlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM headline_tags WHERE article_id = OLD.id AND tag_id = OLD.tag_id;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER untag_headlines BEFORE DELETE OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION untag_headlines();

-- The moments to come at which the public sees other content, without a change: what is scheduled goes out, content expires.
-- They are complete until `until`: a day and a half ahead, or less if they are many. One row without a moment if there is none.
-- The bounds stand in each condition, where they are bounds of an index.
CREATE FUNCTION moments_to_come() RETURNS TABLE (moment timestamptz, until timestamptz) LANGUAGE sql STABLE AS $$
    WITH articles_out AS MATERIALIZED (
        SELECT listed_at AS moment FROM articles
        WHERE deleted_at IS NULL AND status IN ('published', 'scheduled')
            AND listed_at BETWEEN now() - interval '1 minute' AND now() + interval '36 hours'
        ORDER BY listed_at LIMIT 10000
    ), headlines_out AS MATERIALIZED (
        SELECT listed_at AS moment FROM headlines
        WHERE deleted_at IS NULL AND status IN ('published', 'scheduled')
            AND listed_at BETWEEN now() - interval '1 minute' AND now() + interval '36 hours'
        ORDER BY listed_at LIMIT 10000
    ), articles_expired AS MATERIALIZED (
        SELECT expires_at AS moment FROM articles
        WHERE expires_at IS NOT NULL AND release IN ('pending', 'out')
            AND expires_at BETWEEN now() - interval '1 minute' AND now() + interval '36 hours'
        ORDER BY expires_at LIMIT 10000
    ), headlines_expired AS MATERIALIZED (
        SELECT expires_at AS moment FROM headlines
        WHERE expires_at IS NOT NULL AND release IN ('pending', 'out')
            AND expires_at BETWEEN now() - interval '1 minute' AND now() + interval '36 hours'
        ORDER BY expires_at LIMIT 10000
    ), known (until) AS (
        SELECT least(now() + interval '36 hours', full_to.stop) FROM (SELECT min(stop) AS stop FROM (
            SELECT max(moment) AS stop FROM articles_out HAVING count(*) = 10000
            UNION ALL SELECT max(moment) FROM headlines_out HAVING count(*) = 10000
            UNION ALL SELECT max(moment) FROM articles_expired HAVING count(*) = 10000
            UNION ALL SELECT max(moment) FROM headlines_expired HAVING count(*) = 10000
        ) AS full_lists) AS full_to
    )
    SELECT found.moment, known.until FROM known LEFT JOIN (
        TABLE articles_out UNION TABLE headlines_out UNION TABLE articles_expired UNION TABLE headlines_expired
    ) AS found ON true
$$;
