-- GET /v1/headlines?category=…
WITH named AS MATERIALIZED (
    SELECT ARRAY[coalesce(
        (SELECT id FROM categories WHERE deleted_at IS NULL AND slug = :category),
        (SELECT id FROM categories WHERE deleted_at IS NULL AND id =
            (SELECT resource_id FROM former_slugs WHERE resource = 'category' AND slug = :category))
    )]::uuid[] AS ids
)
SELECT ids, ARRAY(
    SELECT DISTINCT below.id FROM categories AS root
    JOIN categories AS below ON below.deleted_at IS NULL
        AND below.tree_key >= root.tree_key AND below.tree_key < root.tree_key || 'g'
    WHERE root.deleted_at IS NULL AND root.id = ANY(ids)
), NULL::uuid, NULL::uuid FROM named \gset
SELECT "headlines"."id", "headlines"."title", "headlines"."language", "headlines"."dir", "headlines"."status",
    "headlines"."published_at", "headlines"."priority", "headlines"."pinned", "headlines"."expires_at",
    "headlines"."category_id", of_category.category, "headlines"."article_id", of_article.article, "headlines"."url",
    "headlines"."source", "headlines"."created_at", "headlines"."updated_at", "headlines"."version"
FROM (
    SELECT line.* FROM unnest(:array::uuid[]) AS branch (id)
    CROSS JOIN LATERAL (
        (SELECT * FROM headlines
            WHERE deleted_at IS NULL AND status = 'published' AND listed_at <= now() AND expires_at IS NULL
            AND category_id <= branch.id AND category_id >= branch.id
            ORDER BY category_id DESC, listed_at DESC, id DESC LIMIT 21)
        UNION ALL
        (SELECT * FROM headlines
            WHERE deleted_at IS NULL AND status = 'published' AND listed_at <= now() AND expires_at > now()
            AND category_id <= branch.id AND category_id >= branch.id
            ORDER BY category_id DESC, listed_at DESC, id DESC LIMIT 21)
    ) AS line
    ORDER BY line.listed_at DESC, line.id DESC LIMIT 21
) AS headlines
LEFT JOIN LATERAL (
    SELECT jsonb_build_object('id', its.id, 'slug', its.slug, 'name', its.name,
        'names', CASE WHEN its.names = '{}' THEN its.names ELSE its.names || jsonb_build_object((SELECT languages[1] FROM site), its.name) END,
        'parent', (SELECT jsonb_build_object('id', above.id, 'slug', above.slug, 'name', above.name,
            'names', CASE WHEN above.names = '{}' THEN above.names ELSE above.names || jsonb_build_object((SELECT languages[1] FROM site), above.name) END)
            FROM categories AS above WHERE above.id = its.parent_id)) AS category
    FROM categories AS its WHERE its.id = headlines.category_id
) AS of_category ON true
LEFT JOIN LATERAL (
    SELECT jsonb_build_object('id', its.id, 'slug', its.slug, 'title', its.title, 'image', its.image) AS article
    FROM articles AS its WHERE its.id = headlines.article_id
        AND its.deleted_at IS NULL AND its.status = 'published' AND its.listed_at <= now()
) AS of_article ON true
ORDER BY headlines.listed_at DESC, headlines.id DESC;
