-- Names by language: {"ar": "اقتصاد"}, at most 50.
CREATE FUNCTION are_names(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN jsonb_typeof(value) <> 'object' THEN false
    ELSE (SELECT count(*) <= 50 AND coalesce(bool_and(
            is_language(name.language) AND jsonb_typeof(name.text) = 'string' AND is_line(name.text #>> '{}', 100)), true)
        FROM jsonb_each(value) AS name (language, text))
    END;

ALTER TABLE categories DROP CONSTRAINT categories_names_check;
ALTER TABLE categories ADD CONSTRAINT categories_names_check CHECK (are_names(names));
ALTER TABLE authors ADD names jsonb NOT NULL DEFAULT '{}' CHECK (are_names(names));
ALTER TABLE tags ADD names jsonb NOT NULL DEFAULT '{}' CHECK (are_names(names));

-- What is typed is completed by a name in any language.
DROP INDEX authors_words;
DROP INDEX tags_words;
CREATE INDEX authors_words ON authors USING gin (to_tsvector('simple', search_names(name, names)))
    WITH (fastupdate = off) WHERE deleted_at IS NULL;
CREATE INDEX tags_words ON tags USING gin (to_tsvector('simple', search_names(name, names)))
    WITH (fastupdate = off) WHERE deleted_at IS NULL;
