-- GET /v1/headlines
SELECT "headlines"."id", "headlines"."title", "headlines"."language", "headlines"."dir", "headlines"."status",
    "headlines"."published_at", "headlines"."priority", "headlines"."pinned", "headlines"."expires_at",
    "headlines"."category_id", "categories"."id", "categories"."slug", "categories"."name", "headlines"."article_id",
    "articles"."id", "articles"."slug", "headlines"."url", "headlines"."source", "headlines"."created_at",
    "headlines"."updated_at", "headlines"."version"
FROM (
    SELECT * FROM (
        (SELECT * FROM headlines
            WHERE deleted_at IS NULL AND status = 'published' AND listed_at <= now() AND expires_at IS NULL
            ORDER BY listed_at DESC, id DESC LIMIT 21)
        UNION ALL
        (SELECT * FROM headlines
            WHERE deleted_at IS NULL AND status = 'published' AND listed_at <= now() AND expires_at > now()
            ORDER BY listed_at DESC, id DESC LIMIT 21)
    ) AS line
    ORDER BY listed_at DESC, id DESC LIMIT 21
) AS headlines
LEFT JOIN categories ON categories.id = headlines.category_id
LEFT JOIN articles ON articles.id = headlines.article_id
    AND articles.deleted_at IS NULL AND articles.status = 'published' AND articles.listed_at <= now()
ORDER BY headlines.listed_at DESC, headlines.id DESC;
