-- Translations of articles: one article is the original, and `translation_of` of all others is its id. Triggers keep the
-- group together when articles join it, leave it, are deleted or are restored. An article that is changed by that has a new
-- version. One advisory lock serialises all changes of groups, so that each reads what the one before has committed.

-- One article for each language of a group.
CREATE UNIQUE INDEX articles_translation_key ON articles (coalesce(translation_of, id), language)
    WHERE deleted_at IS NULL;
CREATE INDEX articles_translation_of ON articles (translation_of) WHERE translation_of IS NOT NULL;

-- Replaces a reference to a translation by a reference to its original.
CREATE FUNCTION find_original() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    SELECT coalesce(translation_of, id) INTO original FROM articles
    WHERE id = NEW.translation_of AND deleted_at IS NULL FOR KEY SHARE;
    IF FOUND THEN
        -- An article that refers to its own translation stays the original of the group.
        NEW.translation_of := nullif(original, NEW.id);
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- A restored article may refer to an article of its group that is still deleted. Then `rejoin_translations` or
        -- `restore_as_original` finds its place in the group.
        IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL AND EXISTS (SELECT FROM articles
            WHERE id = NEW.translation_of AND coalesce(translation_of, id) = coalesce(OLD.translation_of, OLD.id)
        ) THEN
            NEW.translation_of := NULL;
            RETURN NEW;
        END IF;
    END IF;
    RAISE foreign_key_violation USING CONSTRAINT = 'articles_translation_of_live',
        MESSAGE = 'the translated article does not exist or is deleted';
END $$;
CREATE TRIGGER find_original_on_insert BEFORE INSERT ON articles
    FOR EACH ROW WHEN (NEW.translation_of IS NOT NULL) EXECUTE FUNCTION find_original();
-- Also on restoring, because the original may have been deleted meanwhile.
CREATE TRIGGER find_original_on_update BEFORE UPDATE OF translation_of, deleted_at ON articles FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.translation_of IS NOT NULL
        AND (NEW.translation_of IS DISTINCT FROM OLD.translation_of
            OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL))
    EXECUTE FUNCTION find_original();

-- An original that becomes a translation takes its own translations along to the new original.
CREATE FUNCTION attach_translations_to_new_original() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE articles SET translation_of = NEW.translation_of,
        version = CASE WHEN deleted_at IS NULL THEN version + 1 ELSE version END,
        updated_at = CASE WHEN deleted_at IS NULL THEN now() ELSE updated_at END
    WHERE translation_of = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER attach_translations_to_new_original AFTER UPDATE OF translation_of ON articles FOR EACH ROW
    WHEN (OLD.translation_of IS NULL AND NEW.translation_of IS NOT NULL)
    EXECUTE FUNCTION attach_translations_to_new_original();

-- When the original is deleted, its oldest translation becomes the original. The deleted article refers to that one, so that
-- it can rejoin the group when it is restored.
CREATE FUNCTION promote_oldest_translation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_original uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    PERFORM FROM articles WHERE translation_of = NEW.id AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE;
    SELECT id INTO new_original FROM articles
    WHERE translation_of = NEW.id AND deleted_at IS NULL ORDER BY id LIMIT 1;
    IF FOUND THEN
        UPDATE articles SET translation_of = nullif(new_original, id),
            version = CASE WHEN deleted_at IS NULL THEN version + 1 ELSE version END,
            updated_at = CASE WHEN deleted_at IS NULL THEN now() ELSE updated_at END
        WHERE translation_of = NEW.id OR id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER promote_oldest_translation AFTER UPDATE OF deleted_at ON articles FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.translation_of IS NULL)
    EXECUTE FUNCTION promote_oldest_translation();

-- An article restored without `translation_of` rejoins its group, unless the group has an article in its language by now.
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

-- When the whole group is deleted, the first article that is restored becomes the original, so that the others rejoin it.
CREATE FUNCTION restore_as_original() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM articles WHERE id = OLD.translation_of AND deleted_at IS NOT NULL) THEN
        UPDATE articles SET translation_of = NEW.id
        WHERE translation_of = OLD.translation_of OR id = OLD.translation_of;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER restore_as_original AFTER UPDATE OF deleted_at ON articles FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL
        AND NEW.translation_of IS NULL AND OLD.translation_of IS NOT NULL)
    EXECUTE FUNCTION restore_as_original();
