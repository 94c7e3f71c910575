CREATE TABLE headlines (
    id uuid PRIMARY KEY,
    title text NOT NULL CHECK (is_line(title, 300)),
    language text NOT NULL CHECK (is_language(language)),
    dir text NOT NULL CHECK (dir IN ('ltr', 'rtl')),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'published', 'withdrawn')),
    published_at timestamptz CHECK (is_moment(published_at)),
    first_published_at timestamptz,
    -- Where it stands in a list: what has no time yet comes first.
    listed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, 'infinity')) STORED,
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('normal', 'breaking', 'flash')),
    pinned boolean NOT NULL DEFAULT false,
    expires_at timestamptz CHECK (is_moment(expires_at)),
    category_id uuid REFERENCES categories (id),
    article_id uuid REFERENCES articles (id),
    url text CHECK (is_http_url(url)),
    source text CHECK (is_line(source, 200)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz,
    CONSTRAINT headlines_published_at_known CHECK (status NOT IN ('scheduled', 'published') OR published_at IS NOT NULL),
    CONSTRAINT headlines_expires_after CHECK (expires_at > published_at)
);

-- What the public lists: what never leaves the ticker, in its order …
CREATE INDEX headlines_public ON headlines (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_category ON headlines (category_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_language ON headlines (language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_category_language ON headlines (category_id, language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_priority ON headlines (priority, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND priority <> 'normal';
CREATE INDEX headlines_public_pinned ON headlines (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND pinned;
-- … and what does, by when: of these only the few that have not left are ever read.
CREATE INDEX headlines_public_expiring ON headlines (expires_at, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NOT NULL;
-- What a key lists.
CREATE INDEX headlines_all ON headlines (listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_category ON headlines (category_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_language ON headlines (language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_category_language ON headlines (category_id, language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headlines_unpublished ON headlines (status, listed_at, id)
    WHERE status <> 'published' AND deleted_at IS NULL;
CREATE INDEX headlines_article_id ON headlines (article_id) WHERE article_id IS NOT NULL;

CREATE TRIGGER stand_in_live_category BEFORE INSERT OR UPDATE OF category_id, deleted_at ON headlines
    FOR EACH ROW WHEN (NEW.category_id IS NOT NULL AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION stand_in_live_category();

-- A headline may be pointed only at an article that is there. Should the article go to the trash later, the headline
-- keeps its pointer, which shows nothing until the article is back.
CREATE FUNCTION point_at_live_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles WHERE id = NEW.article_id AND deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'headlines_article_id_live',
            MESSAGE = 'the article is not there';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER point_at_live_article_on_insert BEFORE INSERT ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL)
    EXECUTE FUNCTION point_at_live_article();
CREATE TRIGGER point_at_live_article_on_update BEFORE UPDATE OF article_id ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL AND NEW.article_id IS DISTINCT FROM OLD.article_id)
    EXECUTE FUNCTION point_at_live_article();
