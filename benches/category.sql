-- GET /v1/headlines?category=…
SELECT "headlines"."id", "headlines"."title", "headlines"."language", "headlines"."dir", "headlines"."status",
    "headlines"."published_at", "headlines"."priority", "headlines"."pinned", "headlines"."expires_at",
    "headlines"."category_id", "categories"."id", "categories"."slug", "categories"."name", "headlines"."article_id",
    "articles"."id", "articles"."slug", "headlines"."url", "headlines"."source", "headlines"."created_at",
    "headlines"."updated_at", "headlines"."version"
FROM (
    SELECT line.* FROM (
        SELECT below.id FROM categories AS root
        JOIN categories AS below ON below.deleted_at IS NULL
            AND below.tree_key >= root.tree_key AND below.tree_key < root.tree_key || 'g'
        WHERE root.deleted_at IS NULL AND root.id = coalesce(
            (SELECT id FROM categories WHERE deleted_at IS NULL AND slug = :category),
            (SELECT resource_id FROM former_slugs WHERE resource = 'category' AND slug = :category)
        )
    ) AS branch
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
    ORDER BY listed_at DESC, id DESC LIMIT 21
) AS headlines
LEFT JOIN categories ON categories.id = headlines.category_id
LEFT JOIN articles ON articles.id = headlines.article_id
    AND articles.deleted_at IS NULL AND articles.status = 'published' AND articles.listed_at <= now()
ORDER BY headlines.listed_at DESC, headlines.id DESC;
