-- A former address leads on until something that the public sees takes it: a draft that is called so doesn't disturb it, and
-- when it is called otherwise leaves nothing behind that would.
CREATE FUNCTION keep_former_article_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'published' AND NEW.deleted_at IS NULL THEN
        DELETE FROM former_slugs WHERE resource = 'article' AND slug = NEW.slug;
    ELSE
        DELETE FROM former_slugs WHERE resource = 'article' AND slug = NEW.slug AND resource_id = NEW.id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.slug <> NEW.slug THEN
        INSERT INTO former_slugs AS former (resource, slug, resource_id) VALUES ('article', OLD.slug, NEW.id)
        ON CONFLICT (resource, slug) DO UPDATE SET resource_id = excluded.resource_id, changed_at = now()
        WHERE NEW.first_published_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER keep_former_slug ON articles;
CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug, status, deleted_at ON articles
    FOR EACH ROW EXECUTE FUNCTION keep_former_article_slug();
