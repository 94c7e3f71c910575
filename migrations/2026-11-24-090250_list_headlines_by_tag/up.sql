-- The tags of the articles that headlines point at, once for each headline, with what lists filter and sort by: so the
-- headlines of one tag are walked in order along one index. `id` is the headline's. Triggers alone write here.
CREATE TABLE headline_tags (
    id uuid NOT NULL REFERENCES headlines (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    article_id uuid NOT NULL,
    status text NOT NULL,
    language text NOT NULL,
    priority text NOT NULL,
    pinned boolean NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    expires_at timestamptz,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, tag_id),
    FOREIGN KEY (article_id, tag_id) REFERENCES article_tags (id, tag_id)
);
CREATE INDEX headline_tags_listed ON headline_tags (tag_id, listed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headline_tags_updated ON headline_tags (tag_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX headline_tags_article ON headline_tags (article_id, tag_id);

-- A headline that comes, changes or points elsewhere. Whoever points at an article has locked it by then
-- (`point_at_live_article`), so its tags stand still.
CREATE FUNCTION copy_to_headline_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.article_id IS NOT DISTINCT FROM OLD.article_id THEN
            UPDATE headline_tags SET status = NEW.status, language = NEW.language, priority = NEW.priority,
                pinned = NEW.pinned, category_id = NEW.category_id, listed_at = NEW.listed_at,
                expires_at = NEW.expires_at, updated_at = NEW.updated_at, deleted_at = NEW.deleted_at
            WHERE id = NEW.id;
            RETURN NULL;
        END IF;
        DELETE FROM headline_tags WHERE id = NEW.id;
    END IF;
    INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
        expires_at, updated_at, deleted_at)
    SELECT NEW.id, tag_id, NEW.article_id, NEW.status, NEW.language, NEW.priority, NEW.pinned, NEW.category_id,
        NEW.listed_at, NEW.expires_at, NEW.updated_at, NEW.deleted_at
    FROM article_tags WHERE article_tags.id = NEW.article_id;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_to_headline_tags_on_insert AFTER INSERT ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL) EXECUTE FUNCTION copy_to_headline_tags();
CREATE TRIGGER copy_to_headline_tags_on_update AFTER UPDATE ON headlines
    FOR EACH ROW WHEN (NEW.article_id IS NOT NULL OR OLD.article_id IS NOT NULL)
    EXECUTE FUNCTION copy_to_headline_tags();

-- An article that is tagged anew. The locks keep headlines from pointing at it, and those that do from changing.
CREATE FUNCTION tag_headlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM articles WHERE id = NEW.id FOR NO KEY UPDATE;
    PERFORM FROM headlines WHERE article_id = NEW.id ORDER BY id FOR SHARE;
    INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
        expires_at, updated_at, deleted_at)
    SELECT id, NEW.tag_id, article_id, status, language, priority, pinned, category_id, listed_at, expires_at,
        updated_at, deleted_at
    FROM headlines WHERE article_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER tag_headlines AFTER INSERT OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION tag_headlines();
CREATE FUNCTION untag_headlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM headline_tags WHERE article_id = OLD.id AND tag_id = OLD.tag_id;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER untag_headlines BEFORE DELETE OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION untag_headlines();
