DROP TRIGGER untag_headlines ON article_tags;
DROP FUNCTION untag_headlines();
DROP TRIGGER tag_headlines ON article_tags;
DROP FUNCTION tag_headlines();
DROP TRIGGER copy_to_headline_tags_on_update ON headlines;
DROP TRIGGER copy_to_headline_tags_on_insert ON headlines;
DROP FUNCTION copy_to_headline_tags();
DROP TABLE headline_tags;
