DROP TRIGGER lead_translations ON articles;
DROP TRIGGER rejoin_translations ON articles;
DROP TRIGGER hand_on_translations ON articles;
DROP FUNCTION lead_translations, rejoin_translations, hand_on_translations;
CREATE OR REPLACE FUNCTION bring_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE articles SET translation_of = NEW.translation_of WHERE translation_of = NEW.id;
    RETURN NULL;
END $$;
DROP TRIGGER find_original_on_update ON articles;
CREATE TRIGGER find_original_on_update BEFORE UPDATE OF translation_of ON articles FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.translation_of IS NOT NULL
        AND NEW.translation_of IS DISTINCT FROM OLD.translation_of)
    EXECUTE FUNCTION find_original();
