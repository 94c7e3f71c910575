DROP INDEX articles_public_source, headlines_public_source, article_authors_public, article_tags_public;
CREATE INDEX articles_public_source ON articles (source, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX headlines_public_source ON headlines (source, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND source IS NOT NULL;
CREATE INDEX article_authors_public ON article_authors (author_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX article_authors_scheduled ON article_authors (author_id)
    WHERE status = 'scheduled' AND deleted_at IS NULL;
CREATE INDEX article_tags_public ON article_tags (tag_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX article_tags_scheduled ON article_tags (tag_id) WHERE status = 'scheduled' AND deleted_at IS NULL;
