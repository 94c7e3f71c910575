DROP TABLE articles;
DROP FUNCTION is_image;
