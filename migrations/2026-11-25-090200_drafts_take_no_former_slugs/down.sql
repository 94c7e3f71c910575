DROP TRIGGER keep_former_slug ON articles;
DROP FUNCTION keep_former_article_slug();
CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug ON articles
    FOR EACH ROW EXECUTE FUNCTION keep_former_slug('article');
