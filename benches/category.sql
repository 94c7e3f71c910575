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
SELECT "headlines"."id", "headlines"."title", "headlines"."language", "headlines"."dir", CASE WHEN headlines.status = 'scheduled' AND headlines.listed_at <= now() THEN 'published' ELSE headlines.status END,
    "headlines"."published_at", "headlines"."priority", "headlines"."pinned", "headlines"."expires_at",
    "headlines"."category_id", of_category.category, "headlines"."article_id", "headlines"."article_id", of_article.article, "headlines"."url",
    "headlines"."source", "headlines"."created_at", "headlines"."updated_at", "headlines"."version"
FROM (
    SELECT h.* FROM unnest(:array::uuid[]) AS branch (id)
    CROSS JOIN LATERAL (SELECT * FROM headlines AS h
            WHERE deleted_at IS NULL AND status IN ('published', 'scheduled') AND listed_at <= now() AND release IS DISTINCT FROM 'expired' AND (expires_at IS NULL OR expires_at > now())
            AND category_id <= branch.id AND category_id >= branch.id
            ORDER BY category_id DESC, listed_at DESC, id DESC LIMIT 21) AS h
    ORDER BY h.listed_at DESC, h.id DESC LIMIT 21
) AS headlines
LEFT JOIN LATERAL (
    SELECT ROW(c.id, c.slug, c.name,
        CASE WHEN c.names = '{}' THEN c.names ELSE c.names || jsonb_build_object((SELECT languages[1] FROM site), c.name) END,
        CASE WHEN p.id IS NOT NULL THEN ROW(p.id, p.slug, p.name,
            CASE WHEN p.names = '{}' THEN p.names ELSE p.names || jsonb_build_object((SELECT languages[1] FROM site), p.name) END) END
    ) AS category
    FROM categories AS c LEFT JOIN categories AS p ON p.id = c.parent_id WHERE c.id = headlines.category_id
) AS of_category ON true
LEFT JOIN LATERAL (
    SELECT ROW(a.id, a.slug, a.title, a.image) AS article
    FROM articles AS a WHERE a.id = headlines.article_id
        AND a.deleted_at IS NULL AND a.status IN ('published', 'scheduled') AND a.listed_at <= now() AND a.release IS DISTINCT FROM 'expired' AND (a.expires_at IS NULL OR a.expires_at > now())
) AS of_article ON true
ORDER BY headlines.listed_at DESC, headlines.id DESC;
