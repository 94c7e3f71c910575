ALTER TABLE articles
    ADD search tsvector NOT NULL GENERATED ALWAYS AS (search_document(
        language, title || coalesce(' ' || short_title, ''),
        coalesce(kicker || ' ', '') || coalesce(dateline || ' ', '') || coalesce(lede, ''), body_text
    )) STORED,
    ADD title_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_key(title)) STORED;
ALTER TABLE headlines
    ADD search tsvector NOT NULL GENERATED ALWAYS AS (search_document(language, title, '', '')) STORED;

-- Without a pending list, which every search would read from its beginning to its end.
CREATE INDEX articles_search ON articles USING gin (search) WITH (fastupdate = off) WHERE deleted_at IS NULL;
CREATE INDEX headlines_search ON headlines USING gin (search) WITH (fastupdate = off) WHERE deleted_at IS NULL;
CREATE INDEX articles_title_words ON articles USING gin (to_tsvector('simple', title_key)) WITH (fastupdate = off)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX categories_words ON categories USING gin (to_tsvector('simple', search_names(name, names)))
    WITH (fastupdate = off) WHERE deleted_at IS NULL;
ALTER TABLE articles ALTER search SET STATISTICS 200;
ALTER TABLE headlines ALTER search SET STATISTICS 200;

-- Every word that was ever published, as it is folded and as it was first written: for who mistypes one. What is
-- suggested of them is looked up first, as what has a word may be gone.
CREATE TABLE search_words (
    word text PRIMARY KEY,
    spelling text NOT NULL
);
CREATE INDEX search_words_alike ON search_words USING gin (word gin_trgm_ops);

CREATE FUNCTION note_words(value text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO search_words (word, spelling)
    SELECT DISTINCT ON (word) word, spelling
    FROM (SELECT search_fold(token) AS word, lower(token) AS spelling
        FROM ts_parse('default', translate(value, U&'\2019\00A0\202F/_', ''' ''  ')) WHERE tokid IN (1, 2, 10, 11)) AS found
    WHERE char_length(word) BETWEEN 4 AND 40 AND char_length(spelling) BETWEEN 1 AND 40
    ORDER BY word, spelling
    ON CONFLICT (word) DO NOTHING
$$;
CREATE FUNCTION note_words_of_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_words(concat_ws(' ', NEW.title, NEW.kicker, NEW.dateline, NEW.lede, left(NEW.body_text, 100000)));
    RETURN NULL;
END $$;
CREATE FUNCTION note_words_of_headline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_words(NEW.title);
    RETURN NULL;
END $$;
CREATE TRIGGER note_words AFTER INSERT OR UPDATE OF title, kicker, dateline, lede, body_text, status, deleted_at
    ON articles FOR EACH ROW WHEN (NEW.status = 'published' AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION note_words_of_article();
CREATE TRIGGER note_words AFTER INSERT OR UPDATE OF title, status, deleted_at ON headlines FOR EACH ROW
    WHEN (NEW.status = 'published' AND NEW.deleted_at IS NULL) EXECUTE FUNCTION note_words_of_headline();
SELECT note_words(concat_ws(' ', title, kicker, dateline, lede, left(body_text, 100000)))
FROM articles WHERE status = 'published' AND deleted_at IS NULL;
SELECT note_words(title) FROM headlines WHERE status = 'published' AND deleted_at IS NULL;

-- How many rows of a table a search would find, as the planner guesses it from its statistics: cheap, whatever the
-- words. By it a search is run in one of two ways; what it answers does not depend on it.
CREATE FUNCTION search_estimate(of regclass, query tsquery) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %s WHERE deleted_at IS NULL AND search @@ %L::tsquery', of, query)
    INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::double precision;
END $$;
