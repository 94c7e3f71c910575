-- What comes out of the trash may name what it named there, though that is still in the trash: it joins those of its story
-- that are there, or leads them, and the others find it.
CREATE OR REPLACE FUNCTION find_original() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    SELECT coalesce(translation_of, id) INTO original FROM articles
    WHERE id = NEW.translation_of AND deleted_at IS NULL FOR KEY SHARE;
    IF FOUND THEN
        -- Where that translates this one, they know each other already.
        NEW.translation_of := nullif(original, NEW.id);
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL AND EXISTS (SELECT FROM articles
            WHERE id = NEW.translation_of AND coalesce(translation_of, id) = coalesce(OLD.translation_of, OLD.id)
        ) THEN
            -- `rejoin_translations` and `lead_translations` do the rest.
            NEW.translation_of := NULL;
            RETURN NEW;
        END IF;
    END IF;
    RAISE foreign_key_violation USING CONSTRAINT = 'articles_translation_of_live',
        MESSAGE = 'the article that this translates is not there';
END $$;
