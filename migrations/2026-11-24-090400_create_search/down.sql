DROP FUNCTION search_estimate;
DROP TRIGGER note_words ON headlines;
DROP TRIGGER note_words ON articles;
DROP FUNCTION note_words_of_headline, note_words_of_article, note_words;
DROP TABLE search_words;
DROP INDEX categories_words;
ALTER TABLE headlines DROP search;
ALTER TABLE articles DROP search, DROP title_key;
