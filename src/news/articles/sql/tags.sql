
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(tags.id ORDER BY place), '[]') AS tag_ids,
        coalesce(json_agg(json_build_object('id', tags.id, 'slug', slug, 'name', name, 'kind', kind,
            'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
            ORDER BY place), '[]') AS tags
    FROM article_tags JOIN tags ON tags.id = tag_id
    WHERE article_tags.id = articles.id
) AS tagged
