DROP INDEX articles_public, articles_public_category, articles_public_language, articles_public_category_language,
    articles_public_updated, articles_title_words, headlines_public, headlines_public_category, headlines_public_language,
    headlines_public_category_language, headlines_public_expiring, headlines_public_updated;
CREATE INDEX articles_public ON articles (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_category ON articles (category_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_language ON articles (language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_category_language ON articles (category_id, language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_public_updated ON articles (updated_at, id) INCLUDE (listed_at)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX articles_title_words ON articles USING gin (to_tsvector('simple', title_key)) WITH (fastupdate = off)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX headlines_public ON headlines (listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_category ON headlines (category_id, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_language ON headlines (language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_category_language ON headlines (category_id, language, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NULL;
CREATE INDEX headlines_public_expiring ON headlines (expires_at, listed_at, id)
    WHERE status = 'published' AND deleted_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX headlines_public_updated ON headlines (updated_at, id) INCLUDE (listed_at)
    WHERE status = 'published' AND deleted_at IS NULL;

DROP TRIGGER note_words ON articles;
DROP TRIGGER note_words ON headlines;
CREATE TRIGGER note_words AFTER INSERT OR UPDATE OF title, kicker, dateline, lede, body_text, status, deleted_at
    ON articles FOR EACH ROW WHEN (NEW.status = 'published' AND NEW.deleted_at IS NULL)
    EXECUTE FUNCTION note_words_of_article();
CREATE TRIGGER note_words AFTER INSERT OR UPDATE OF title, status, deleted_at ON headlines FOR EACH ROW
    WHEN (NEW.status = 'published' AND NEW.deleted_at IS NULL) EXECUTE FUNCTION note_words_of_headline();
