-- GET /v1/articles/… The server binds the whole slug; a variable here is a number, so the slug is put together.
\set n random(1, :slugs)
SELECT "articles"."id", "articles"."slug", "articles"."kind", "articles"."title", "articles"."short_title", "articles"."kicker",
    "articles"."lede", "articles"."body_format", "articles"."language", "articles"."dir", CASE WHEN articles.status = 'scheduled' AND articles.listed_at <= now() THEN 'published' ELSE articles.status END,
    "articles"."published_at", "articles"."first_published_at", "articles"."category_id", of_category.category,
    signed.author_ids, signed.authors, tagged.tag_ids, tagged.tags, "articles"."dateline", "articles"."image",
    "articles"."word_count", "articles"."reading_minutes", "articles"."canonical_url", "articles"."source",
    translated.translation_of, translated.translations, false, "articles"."created_at", "articles"."updated_at",
    "articles"."version", bodies.body, bodies.body_html, bodies.body_text,
    bodies.is_beyond
FROM articles
LEFT JOIN LATERAL (
    SELECT json_build_object('id', c.id, 'slug', c.slug, 'name', c.name,
        'names', CASE WHEN c.names = '{}' THEN c.names ELSE c.names || jsonb_build_object((SELECT languages[1] FROM site), c.name) END,
        'parent', (SELECT json_build_object('id', p.id, 'slug', p.slug, 'name', p.name,
            'names', CASE WHEN p.names = '{}' THEN p.names ELSE p.names || jsonb_build_object((SELECT languages[1] FROM site), p.name) END)
            FROM categories AS p WHERE p.id = c.parent_id)) AS category
    FROM categories AS c WHERE c.id = articles.category_id
) AS of_category ON true
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(authors.id ORDER BY place), '[]') AS author_ids,
        coalesce(json_agg(json_build_object('id', authors.id, 'slug', slug, 'name', name, 'image_url', image_url,
            'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END) ORDER BY place), '[]') AS authors
    FROM article_authors JOIN authors ON authors.id = author_id WHERE article_authors.id = articles.id
) AS signed
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(tags.id ORDER BY place), '[]') AS tag_ids,
        coalesce(json_agg(json_build_object('id', tags.id, 'slug', slug, 'name', name, 'kind', kind,
            'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END) ORDER BY place), '[]') AS tags
    FROM article_tags JOIN tags ON tags.id = tag_id WHERE article_tags.id = articles.id
) AS tagged
CROSS JOIN LATERAL (
    SELECT min(other.id::text) FILTER (WHERE other.id = articles.translation_of)::uuid AS translation_of,
        coalesce(json_agg(json_build_object('language', other.language, 'id', other.id, 'slug', other.slug,
            'title', other.title) ORDER BY other.language) FILTER (WHERE other.id IS NOT NULL), '[]') AS translations
    FROM articles AS other
    WHERE coalesce(other.translation_of, other.id) = coalesce(articles.translation_of, articles.id)
        AND other.id <> articles.id
        AND other.deleted_at IS NULL AND other.status IN ('published', 'scheduled') AND other.listed_at <= now()
) AS translated
CROSS JOIN LATERAL (SELECT articles.body AS body, articles.body_html AS body_html, articles.body_text AS body_text, false AS is_beyond) AS bodies
WHERE articles.deleted_at IS NULL AND articles.status IN ('published', 'scheduled') AND articles.listed_at <= now()
    AND articles.slug = 'bench-' || :n::text;
