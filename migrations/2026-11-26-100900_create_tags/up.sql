CREATE TABLE tags (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    name text NOT NULL CHECK (is_line(name, 100)),
    names jsonb NOT NULL DEFAULT '{}' CHECK (are_localized_names(names)),
    name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(search_key(name), 100)) STORED,
    kind text NOT NULL DEFAULT 'subject' CHECK (kind IN ('subject', 'person', 'organisation', 'place')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz
);

CREATE UNIQUE INDEX tags_slug_key ON tags (slug) WHERE deleted_at IS NULL;
-- Finds all slugs with a prefix, to choose the next free number.
CREATE INDEX tags_slug_prefix ON tags (slug text_pattern_ops) WHERE deleted_at IS NULL;
CREATE INDEX tags_by_name ON tags (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tags_by_kind ON tags (kind, name_key, id) WHERE deleted_at IS NULL;
-- Autocompletion, by the name in any language.
CREATE INDEX tags_words ON tags USING gin (to_tsvector('simple', search_names(name, names)))
    WITH (fastupdate = off) WHERE deleted_at IS NULL;

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON tags
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER record_former_slug AFTER INSERT OR UPDATE OF slug ON tags
    FOR EACH ROW EXECUTE FUNCTION record_former_slug('tag');
