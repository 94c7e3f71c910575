DROP INDEX headlines_with_article;
DROP INDEX headlines_pinned;
DROP INDEX headlines_priority;
CREATE INDEX headlines_public_priority ON headlines (priority, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND priority <> 'normal';
CREATE INDEX headlines_public_pinned ON headlines (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND pinned;
DROP INDEX headlines_public_updated;
DROP INDEX headlines_updated;
DROP INDEX articles_public_updated;
DROP INDEX articles_updated;
