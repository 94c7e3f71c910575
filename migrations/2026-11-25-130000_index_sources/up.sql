-- Who brought it, in the order of time: for a key, and for the public, which is not to walk past an agency's drafts.
CREATE INDEX articles_source ON articles (source, listed_at, id) WHERE deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX articles_public_source ON articles (source, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX headlines_source ON headlines (source, listed_at, id) WHERE deleted_at IS NULL AND source IS NOT NULL;
CREATE INDEX headlines_public_source ON headlines (source, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL AND source IS NOT NULL;
