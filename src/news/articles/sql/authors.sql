
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT ROW(authors.id, slug, name, image_url,
            CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
        FROM article_authors JOIN authors ON authors.id = author_id
        WHERE article_authors.id = articles.id ORDER BY place
    ) AS authors
) AS signed
