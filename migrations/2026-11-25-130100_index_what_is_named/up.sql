-- Whether an author or a tag stands on an article that the caller may see, however many drafts they stand on. Partial, so
-- that nothing but such a question is tempted to use them in place of the primary key.
CREATE INDEX article_authors_public ON article_authors (author_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX article_authors_scheduled ON article_authors (author_id)
    WHERE status = 'scheduled' AND deleted_at IS NULL;
CREATE INDEX article_tags_public ON article_tags (tag_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX article_tags_scheduled ON article_tags (tag_id) WHERE status = 'scheduled' AND deleted_at IS NULL;
