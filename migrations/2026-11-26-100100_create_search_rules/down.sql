DROP TABLE search_index, search_words;
DROP FUNCTION search_periods, search_names, search_key, search_fold;
DROP EXTENSION pg_trgm;
