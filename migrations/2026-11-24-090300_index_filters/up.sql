-- What changed last, for everybody and for the public. `listed_at` beside it: what changed after a moment is put in
-- order of publication without reading the rows.
CREATE INDEX articles_updated ON articles (updated_at, id) INCLUDE (listed_at) WHERE deleted_at IS NULL;
CREATE INDEX articles_public_updated ON articles (updated_at, id) INCLUDE (listed_at)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX headlines_updated ON headlines (updated_at, id) INCLUDE (listed_at) WHERE deleted_at IS NULL;
CREATE INDEX headlines_public_updated ON headlines (updated_at, id) INCLUDE (listed_at)
    WHERE status = 'published' AND deleted_at IS NULL;

-- What is rare by its nature, for everybody.
DROP INDEX headlines_public_priority;
DROP INDEX headlines_public_pinned;
CREATE INDEX headlines_priority ON headlines (priority, listed_at, id)
    WHERE deleted_at IS NULL AND priority <> 'normal';
CREATE INDEX headlines_pinned ON headlines (listed_at, id) WHERE deleted_at IS NULL AND pinned;
CREATE INDEX headlines_with_article ON headlines (listed_at, id)
    WHERE deleted_at IS NULL AND article_id IS NOT NULL;
