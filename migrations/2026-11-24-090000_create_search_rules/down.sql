DROP FUNCTION search_arabic, search_document, search_text, search_bare, search_config, search_key, search_told, search_plain, search_fold;
DROP EXTENSION pg_trgm;
