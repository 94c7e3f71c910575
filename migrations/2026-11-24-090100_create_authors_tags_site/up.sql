-- Where to find somebody elsewhere: [{"name": "Mastodon", "url": "https://…"}].
CREATE FUNCTION are_links(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    jsonb_typeof(value) = 'array' AND jsonb_array_length(value) <= 20 AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(value) AS link
        WHERE NOT (coalesce(is_line(link ->> 'name', 100), false) AND coalesce(is_http_url(link ->> 'url'), false))
    );

CREATE TABLE authors (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    name text NOT NULL CHECK (is_line(name, 100)),
    name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(search_key(name), 100)) STORED,
    bio text CHECK (is_prose(bio, 2000)),
    image_url text CHECK (is_http_url(image_url)),
    links jsonb NOT NULL DEFAULT '[]' CHECK (are_links(links)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX authors_slug_key ON authors (slug) WHERE deleted_at IS NULL;
CREATE INDEX authors_slug_start ON authors (slug text_pattern_ops) WHERE deleted_at IS NULL;
CREATE INDEX authors_by_name ON authors (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX authors_words ON authors USING gin (to_tsvector('simple', name_key)) WHERE deleted_at IS NULL;

CREATE TABLE tags (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    name text NOT NULL CHECK (is_line(name, 100)),
    name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(search_key(name), 100)) STORED,
    kind text NOT NULL DEFAULT 'subject' CHECK (kind IN ('subject', 'person', 'organisation', 'place')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX tags_slug_key ON tags (slug) WHERE deleted_at IS NULL;
CREATE INDEX tags_slug_start ON tags (slug text_pattern_ops) WHERE deleted_at IS NULL;
CREATE INDEX tags_by_name ON tags (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tags_by_kind ON tags (kind, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tags_words ON tags USING gin (to_tsvector('simple', name_key)) WHERE deleted_at IS NULL;

ALTER TABLE former_slugs DROP CONSTRAINT former_slugs_resource_check;
ALTER TABLE former_slugs ADD CONSTRAINT former_slugs_resource_check
    CHECK (resource IN ('category', 'article', 'author', 'tag'));
CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug ON authors
    FOR EACH ROW EXECUTE FUNCTION keep_former_slug('author');
CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug ON tags
    FOR EACH ROW EXECUTE FUNCTION keep_former_slug('tag');

-- A name of the IANA database; what else Postgres takes (offsets, abbreviations) moves no clock.
CREATE FUNCTION is_time_zone(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    PERFORM 'epoch'::timestamptz AT TIME ZONE value;
    RETURN char_length(value) <= 64 AND value ~ '^(UTC|[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)+)$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;

CREATE FUNCTION are_languages(value text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    cardinality(value) BETWEEN 1 AND 50
    AND NOT EXISTS (SELECT FROM unnest(value) AS tag WHERE NOT coalesce(is_language(tag), false))
    AND cardinality(value) = (SELECT count(DISTINCT tag) FROM unnest(value) AS tag);

-- The site itself: one row, always there.
CREATE TABLE site (
    id uuid PRIMARY KEY CHECK (id = '00000000-0000-7000-8000-000000000001'),
    name text NOT NULL CHECK (is_line(name, 100)),
    -- The first is the one that names of categories are written in.
    languages text[] NOT NULL CHECK (are_languages(languages)),
    time_zone text NOT NULL CHECK (is_time_zone(time_zone)),
    links jsonb NOT NULL DEFAULT '[]' CHECK (are_links(links)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz CHECK (deleted_at IS NULL)
);
INSERT INTO site (id, name, languages, time_zone)
VALUES ('00000000-0000-7000-8000-000000000001', 'Manchette', '{fr}', 'UTC');

ALTER TABLE events DROP CONSTRAINT events_resource_check;
ALTER TABLE events ADD CONSTRAINT events_resource_check
    CHECK (resource IN ('category', 'headline', 'article', 'author', 'tag', 'site'));

-- The tree is answered whole, so it has a bound. Its lock was taken by `keep_category_tree_on_…`.
CREATE FUNCTION limit_categories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM categories WHERE deleted_at IS NULL) >= 1000 THEN
        RAISE check_violation USING CONSTRAINT = 'categories_count', MESSAGE = 'a site has at most 1,000 categories';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER limit_categories_on_insert BEFORE INSERT ON categories
    FOR EACH ROW EXECUTE FUNCTION limit_categories();
CREATE TRIGGER limit_categories_on_update BEFORE UPDATE OF deleted_at ON categories
    FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION limit_categories();
