ALTER TABLE articles DROP CONSTRAINT articles_rendered_size;
