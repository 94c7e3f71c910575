DROP FUNCTION search_arabic, search_within, search_document, search_text, search_bare, search_config;
DROP TEXT SEARCH CONFIGURATION search_french;
DROP TEXT SEARCH DICTIONARY search_french;
DROP FUNCTION search_large, search_names, search_key, search_told, search_plain, search_fold;
DROP EXTENSION pg_trgm;
