-- GET /v1/articles/… The server binds the whole slug; a variable here is a number, so the slug is put together.
\set n random(1, :slugs)
SELECT "articles"."id", "articles"."slug", "articles"."title", "articles"."short_title", "articles"."kicker",
    "articles"."lede", "articles"."body_format", "articles"."language", "articles"."dir", "articles"."status",
    "articles"."published_at", "articles"."first_published_at", "articles"."category_id", "categories"."id",
    "categories"."slug", "categories"."name", "articles"."dateline", "articles"."image", "articles"."word_count",
    "articles"."reading_minutes", "articles"."canonical_url", "articles"."source", "articles"."created_at",
    "articles"."updated_at", "articles"."version", "articles"."body", "articles"."body_html", "articles"."body_text"
FROM articles
LEFT JOIN categories ON categories.id = articles.category_id
WHERE articles.deleted_at IS NULL AND articles.status = 'published' AND articles.listed_at <= now()
    AND articles.slug = 'bench-' || :n::text;
