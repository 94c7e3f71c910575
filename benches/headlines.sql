-- GET /v1/headlines
SELECT "headlines"."id", "headlines"."title", "headlines"."language", "headlines"."dir", CASE WHEN headlines.status = 'scheduled' AND headlines.listed_at <= now() THEN 'published' ELSE headlines.status END,
    "headlines"."published_at", "headlines"."priority", "headlines"."pinned", "headlines"."expires_at",
    "headlines"."category_id", of_category.category, "headlines"."article_id", "headlines"."article_id", of_article.article, "headlines"."url",
    "headlines"."source", "headlines"."created_at", "headlines"."updated_at", "headlines"."version"
FROM (
    SELECT * FROM headlines AS h
            WHERE deleted_at IS NULL AND status IN ('published', 'scheduled') AND listed_at <= now() AND release IS DISTINCT FROM 'expired' AND (expires_at IS NULL OR expires_at > now())
            ORDER BY listed_at DESC, id DESC LIMIT 21
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
