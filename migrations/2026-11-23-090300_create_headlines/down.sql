DROP TABLE headlines;
DROP FUNCTION point_at_live_article;
