-- GET /v1/articles/… The server binds the whole slug; a variable here is a number, so the slug is put together.
\set n random(1, :slugs)
SELECT "articles"."id", "articles"."slug", "articles"."kind", "articles"."title", "articles"."short_title", "articles"."kicker",
    "articles"."lede", "articles"."body_format", "articles"."language", "articles"."dir", CASE WHEN articles.status = 'scheduled' AND articles.listed_at <= now() THEN 'published' ELSE articles.status END,
    "articles"."published_at", "articles"."first_published_at", "articles"."expires_at", "articles"."category_id", of_category.category,
    '{}'::uuid[], signed.authors, '{}'::uuid[], tagged.tags, "articles"."dateline", "articles"."image",
    "articles"."word_count", "articles"."reading_minutes", "articles"."canonical_url", "articles"."source",
    translated.translation_of, translated.translations, false, "articles"."created_at", "articles"."updated_at",
    "articles"."version", bodies.body, bodies.body_html, bodies.body_text,
    bodies.is_beyond
FROM articles
LEFT JOIN LATERAL (
    SELECT ROW(c.id, c.slug, c.name,
        CASE WHEN c.names = '{}' THEN c.names ELSE c.names || jsonb_build_object((SELECT languages[1] FROM site), c.name) END,
        CASE WHEN p.id IS NOT NULL THEN ROW(p.id, p.slug, p.name,
            CASE WHEN p.names = '{}' THEN p.names ELSE p.names || jsonb_build_object((SELECT languages[1] FROM site), p.name) END) END
    ) AS category
    FROM categories AS c LEFT JOIN categories AS p ON p.id = c.parent_id WHERE c.id = articles.category_id
) AS of_category ON true
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT ROW(authors.id, slug, name, image_url,
            CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
        FROM article_authors JOIN authors ON authors.id = author_id
        WHERE article_authors.id = articles.id ORDER BY place
    ) AS authors
) AS signed
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT ROW(tags.id, slug, name, kind,
            CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END)
        FROM article_tags JOIN tags ON tags.id = tag_id
        WHERE article_tags.id = articles.id ORDER BY place
    ) AS tags
) AS tagged
CROSS JOIN LATERAL (
    SELECT (
        SELECT original.id FROM articles AS original WHERE original.id = articles.translation_of
            AND original.deleted_at IS NULL AND original.status IN ('published', 'scheduled') AND original.listed_at <= now() AND original.release IS DISTINCT FROM 'expired' AND (original.expires_at IS NULL OR original.expires_at > now())
    ) AS translation_of, ARRAY(
        SELECT ROW(other.language, other.id, other.slug, other.title) FROM articles AS other
        WHERE coalesce(other.translation_of, other.id) = coalesce(articles.translation_of, articles.id)
            AND other.id <> articles.id
            AND other.deleted_at IS NULL AND other.status IN ('published', 'scheduled') AND other.listed_at <= now() AND other.release IS DISTINCT FROM 'expired' AND (other.expires_at IS NULL OR other.expires_at > now())
        ORDER BY other.language
    ) AS translations
) AS translated
CROSS JOIN LATERAL (SELECT articles.body AS body, articles.body_html AS body_html, articles.body_text AS body_text, false AS is_beyond) AS bodies
WHERE articles.deleted_at IS NULL AND articles.status IN ('published', 'scheduled') AND articles.listed_at <= now() AND articles.release IS DISTINCT FROM 'expired' AND (articles.expires_at IS NULL OR articles.expires_at > now())
    AND articles.slug = 'bench-' || :n::text;
