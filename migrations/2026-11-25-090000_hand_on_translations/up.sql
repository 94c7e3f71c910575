-- What an article that lives is a translation of lives too: where the original goes to the trash, the oldest of its
-- translations takes its place. Whoever is brought along, or left behind, is changed by that: it has a new version.
DROP TRIGGER find_original_on_update ON articles;
DROP TRIGGER bring_translations ON articles;

-- What was left behind before this rule.
UPDATE articles SET translation_of = nullif(heir, articles.id)
FROM (SELECT original.id, (min(told.id::text COLLATE "C"))::uuid AS heir
    FROM articles AS original JOIN articles AS told ON told.translation_of = original.id
    WHERE original.deleted_at IS NOT NULL AND told.deleted_at IS NULL GROUP BY original.id) AS gone
WHERE articles.translation_of = gone.id OR articles.id = gone.id;

-- Also asked when an article comes out of the trash: what it names may have gone there meanwhile.
CREATE TRIGGER find_original_on_update BEFORE UPDATE OF translation_of, deleted_at ON articles FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.translation_of IS NOT NULL
        AND (NEW.translation_of IS DISTINCT FROM OLD.translation_of
            OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL))
    EXECUTE FUNCTION find_original();

-- An original that becomes a translation brings its own translations with it.
CREATE OR REPLACE FUNCTION bring_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE articles SET translation_of = NEW.translation_of,
        version = CASE WHEN deleted_at IS NULL THEN version + 1 ELSE version END,
        updated_at = CASE WHEN deleted_at IS NULL THEN now() ELSE updated_at END
    WHERE translation_of = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER bring_translations AFTER UPDATE OF translation_of ON articles FOR EACH ROW
    WHEN (OLD.translation_of IS NULL AND NEW.translation_of IS NOT NULL) EXECUTE FUNCTION bring_translations();

-- One that goes to the trash hands its translations on, and remembers them. Whoever joins meanwhile waits, or is seen.
CREATE FUNCTION hand_on_translations() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    heir uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    PERFORM FROM articles WHERE translation_of = NEW.id AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE;
    SELECT id INTO heir FROM articles WHERE translation_of = NEW.id AND deleted_at IS NULL ORDER BY id LIMIT 1;
    IF FOUND THEN
        UPDATE articles SET translation_of = nullif(heir, id),
            version = CASE WHEN deleted_at IS NULL THEN version + 1 ELSE version END,
            updated_at = CASE WHEN deleted_at IS NULL THEN now() ELSE updated_at END
        WHERE translation_of = NEW.id OR id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hand_on_translations AFTER UPDATE OF deleted_at ON articles FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.translation_of IS NULL)
    EXECUTE FUNCTION hand_on_translations();

-- One that comes back without a word of what it translates joins those that it stood with, unless another has its
-- language there by now.
CREATE FUNCTION rejoin_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    PERFORM FROM articles WHERE id = OLD.translation_of AND deleted_at IS NULL FOR KEY SHARE;
    IF FOUND AND NOT EXISTS (SELECT FROM articles WHERE coalesce(translation_of, id) = OLD.translation_of
            AND language = NEW.language AND deleted_at IS NULL) THEN
        NEW.translation_of := OLD.translation_of;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rejoin_translations BEFORE UPDATE OF deleted_at ON articles FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL
        AND NEW.translation_of IS NULL AND OLD.translation_of IS NOT NULL)
    EXECUTE FUNCTION rejoin_translations();

-- Where all of them are in the trash, the first that comes back is the original: the others find it there.
CREATE FUNCTION lead_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM articles WHERE id = OLD.translation_of AND deleted_at IS NOT NULL) THEN
        UPDATE articles SET translation_of = NEW.id
        WHERE translation_of = OLD.translation_of OR id = OLD.translation_of;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_translations AFTER UPDATE OF deleted_at ON articles FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL
        AND NEW.translation_of IS NULL AND OLD.translation_of IS NOT NULL)
    EXECUTE FUNCTION lead_translations();
