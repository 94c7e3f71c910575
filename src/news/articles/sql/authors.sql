
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(authors.id ORDER BY place), '[]') AS author_ids,
        coalesce(json_agg(json_build_object('id', authors.id, 'slug', slug, 'name', name, 'image_url', image_url,
            'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
            ORDER BY place), '[]') AS authors
    FROM article_authors JOIN authors ON authors.id = author_id
    WHERE article_authors.id = articles.id
) AS signed
