
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT ROW(tags.id, slug, name, kind,
            CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
        FROM article_tags JOIN tags ON tags.id = tag_id
        WHERE article_tags.id = articles.id ORDER BY place
    ) AS tags
) AS tagged
