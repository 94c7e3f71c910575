DROP FUNCTION add_search_words;
DROP TABLE search_words;
DROP FUNCTION search_estimate_rows, search_arabic_query, search_in_dictionary, search_document, search_vector,
    search_strip_article, search_config;
DROP TEXT SEARCH CONFIGURATION search_french;
DROP TEXT SEARCH DICTIONARY search_french;
DROP FUNCTION search_remove_stop_words, search_normalize_text, search_normalize_query, search_names, search_key, search_fold;
DROP EXTENSION pg_trgm;
