-- GET /v1/articles?category=…
SELECT "articles"."id", "articles"."slug", "articles"."title", "articles"."short_title", "articles"."kicker",
    "articles"."lede", "articles"."body_format", "articles"."language", "articles"."dir", "articles"."status",
    "articles"."published_at", "articles"."first_published_at", "articles"."category_id", "categories"."id",
    "categories"."slug", "categories"."name", "articles"."dateline", "articles"."image", "articles"."word_count",
    "articles"."reading_minutes", "articles"."canonical_url", "articles"."source", "articles"."created_at",
    "articles"."updated_at", "articles"."version"
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
        (SELECT * FROM articles
            WHERE deleted_at IS NULL AND status = 'published' AND listed_at <= now() AND category_id <= branch.id AND category_id >= branch.id
            ORDER BY category_id DESC, listed_at DESC, id DESC LIMIT 21)
    ) AS line
    ORDER BY listed_at DESC, id DESC LIMIT 21
) AS articles
LEFT JOIN categories ON categories.id = articles.category_id
ORDER BY articles.listed_at DESC, articles.id DESC;
