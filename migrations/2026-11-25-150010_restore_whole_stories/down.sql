CREATE OR REPLACE FUNCTION find_original() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    SELECT coalesce(translation_of, id) INTO original FROM articles
    WHERE id = NEW.translation_of AND deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'articles_translation_of_live',
            MESSAGE = 'the article that this translates is not there';
    END IF;
    -- Where that translates this one, they know each other already.
    NEW.translation_of := nullif(original, NEW.id);
    RETURN NEW;
END $$;
