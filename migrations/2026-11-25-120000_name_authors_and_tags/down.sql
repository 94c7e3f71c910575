DROP INDEX tags_words;
DROP INDEX authors_words;
CREATE INDEX authors_words ON authors USING gin (to_tsvector('simple', name_key)) WHERE deleted_at IS NULL;
CREATE INDEX tags_words ON tags USING gin (to_tsvector('simple', name_key)) WHERE deleted_at IS NULL;
ALTER TABLE tags DROP COLUMN names;
ALTER TABLE authors DROP COLUMN names;
ALTER TABLE categories DROP CONSTRAINT categories_names_check;
ALTER TABLE categories ADD CONSTRAINT categories_names_check CHECK (jsonb_typeof(names) = 'object');
DROP FUNCTION are_names(jsonb);
