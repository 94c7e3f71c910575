DROP FUNCTION search_document, search_config, search_key, search_fold;
DROP EXTENSION pg_trgm;
