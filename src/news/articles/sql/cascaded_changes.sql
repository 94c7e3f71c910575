-- The other articles of a story that the triggers changed in this transaction.
SELECT id, version, status <> 'draft' AS requires_publish_scope
FROM articles
WHERE deleted_at IS NULL
    AND xmin = pg_current_xact_id()::xid
    AND coalesce(translation_of, id) = (SELECT coalesce(translation_of, id) FROM articles WHERE id = $1)
    AND id <> $1
ORDER BY id
