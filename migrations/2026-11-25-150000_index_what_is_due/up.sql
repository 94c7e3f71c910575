-- What is scheduled is public when its time has come, also by source, and where it names its authors and tags. One look
-- at the same index tells whether they stand on anything that is going out later.
DROP INDEX articles_public_source, headlines_public_source, article_authors_public, article_authors_scheduled,
    article_tags_public, article_tags_scheduled;
CREATE INDEX articles_public_source ON articles (source, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX headlines_public_source ON headlines (source, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND expires_at IS NULL AND source IS NOT NULL;
CREATE INDEX article_authors_public ON article_authors (author_id, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL;
CREATE INDEX article_tags_public ON article_tags (tag_id, listed_at, id)
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL;
