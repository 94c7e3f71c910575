DROP TRIGGER restore_as_original ON articles;
DROP TRIGGER rejoin_translations ON articles;
DROP TRIGGER promote_oldest_translation ON articles;
DROP TRIGGER attach_translations_to_new_original ON articles;
DROP TRIGGER find_original_on_update ON articles;
DROP TRIGGER find_original_on_insert ON articles;
DROP FUNCTION restore_as_original, rejoin_translations, promote_oldest_translation, attach_translations_to_new_original,
    find_original;
DROP INDEX articles_translation_of, articles_translation_key;
