DROP FUNCTION moments_to_come;
DROP TRIGGER untag_headlines ON article_tags;
DROP TRIGGER tag_headlines ON article_tags;
DROP TABLE headline_tags, headlines;
DROP FUNCTION untag_headlines, tag_headlines, copy_to_headline_tags, require_live_article;
