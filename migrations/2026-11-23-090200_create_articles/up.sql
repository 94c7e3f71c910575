CREATE FUNCTION is_image(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    jsonb_typeof(value) = 'object'
    AND coalesce(is_http_url(value ->> 'url'), false)
    AND coalesce(is_line(value ->> 'alt', 500), true)
    AND coalesce(is_prose(value ->> 'caption', 1000), true)
    AND coalesce(is_line(value ->> 'credit', 200), true)
    AND coalesce((value ->> 'width')::bigint BETWEEN 1 AND 100000, true)
    AND coalesce((value ->> 'height')::bigint BETWEEN 1 AND 100000, true);

CREATE TABLE articles (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    title text NOT NULL CHECK (is_line(title, 300)),
    short_title text CHECK (is_line(short_title, 100)),
    kicker text CHECK (is_line(kicker, 100)),
    lede text CHECK (is_prose(lede, 2000)),
    body text NOT NULL DEFAULT '' CHECK (
        char_length(body) <= 500000 AND body !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
    ),
    body_format text NOT NULL DEFAULT 'markdown' CHECK (body_format IN ('markdown', 'html')),
    -- Made from `body` when it is written, so that reading renders nothing.
    body_html text NOT NULL DEFAULT '',
    body_text text NOT NULL DEFAULT '',
    language text NOT NULL CHECK (is_language(language)),
    dir text NOT NULL CHECK (dir IN ('ltr', 'rtl')),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'published', 'withdrawn')),
    published_at timestamptz CHECK (is_moment(published_at)),
    first_published_at timestamptz,
    -- Where it stands in a list: what has no time yet comes first.
    listed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, 'infinity')) STORED,
    category_id uuid REFERENCES categories (id),
    dateline text CHECK (is_line(dateline, 100)),
    image jsonb CHECK (image IS NULL OR is_image(image)),
    word_count integer NOT NULL DEFAULT 0 CHECK (word_count >= 0),
    reading_minutes integer NOT NULL DEFAULT 1 CHECK (reading_minutes > 0),
    canonical_url text CHECK (is_http_url(canonical_url)),
    source text CHECK (is_line(source, 200)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz,
    CONSTRAINT articles_published_at_known CHECK (status NOT IN ('scheduled', 'published') OR published_at IS NOT NULL)
);

CREATE UNIQUE INDEX articles_slug_key ON articles (slug) WHERE deleted_at IS NULL;
-- For a slug's next free number: every slug that begins alike.
CREATE INDEX articles_slug_start ON articles (slug text_pattern_ops) WHERE deleted_at IS NULL;

-- What the public lists.
CREATE INDEX articles_public ON articles (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_category ON articles (category_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_language ON articles (language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_category_language ON articles (category_id, language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
-- What a key lists.
CREATE INDEX articles_all ON articles (listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_category ON articles (category_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_language ON articles (language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_category_language ON articles (category_id, language, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_unpublished ON articles (status, listed_at, id)
    WHERE status <> 'published' AND deleted_at IS NULL;

CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug ON articles
    FOR EACH ROW EXECUTE FUNCTION keep_former_slug('article');
CREATE TRIGGER stand_in_live_category BEFORE INSERT OR UPDATE OF category_id, deleted_at ON articles
    FOR EACH ROW WHEN (NEW.category_id IS NOT NULL AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION stand_in_live_category();
