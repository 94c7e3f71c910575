coalesce(json_agg(
        json_build_object('language', other.language, 'id', other.id, 'slug', other.slug, 'title', other.title)
        ORDER BY other.language
    ) FILTER (WHERE other.id IS NOT NULL), '[]') AS translations
FROM articles AS other
WHERE coalesce(other.translation_of, other.id) = coalesce(articles.translation_of, articles.id) AND other.id <> articles.id
