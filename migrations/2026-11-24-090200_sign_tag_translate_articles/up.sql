-- Who signs an article, and what it is about, in the order given. Beside that, what lists filter and sort by, copied from
-- the article by triggers: so the articles of one author or tag are walked in order along one index, like all articles.
-- `id` is the article's.
CREATE TABLE article_authors (
    id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES authors (id),
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 19),
    status text NOT NULL,
    language text NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, author_id),
    UNIQUE (id, place)
);
CREATE INDEX article_authors_listed ON article_authors (author_id, listed_at, id)
    INCLUDE (status, language, category_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX article_authors_updated ON article_authors (author_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE TABLE article_tags (
    id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 49),
    status text NOT NULL,
    language text NOT NULL,
    category_id uuid,
    listed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (id, tag_id),
    UNIQUE (id, place)
);
CREATE INDEX article_tags_listed ON article_tags (tag_id, listed_at, id)
    INCLUDE (status, language, category_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX article_tags_updated ON article_tags (tag_id, updated_at, id) WHERE deleted_at IS NULL;

-- The copies, when a row comes. The lock keeps an author or a tag from being deleted meanwhile.
CREATE FUNCTION copy_from_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT status, language, category_id, listed_at, updated_at, deleted_at
    INTO NEW.status, NEW.language, NEW.category_id, NEW.listed_at, NEW.updated_at, NEW.deleted_at
    FROM articles WHERE id = NEW.id;
    IF TG_TABLE_NAME = 'article_authors' THEN
        PERFORM FROM authors WHERE id = NEW.author_id AND deleted_at IS NULL FOR SHARE;
    ELSE
        PERFORM FROM tags WHERE id = NEW.tag_id AND deleted_at IS NULL FOR SHARE;
    END IF;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_live',
            MESSAGE = 'what the article names is not there', DETAIL = (NEW.place)::text;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER copy_from_article BEFORE INSERT OR UPDATE OF id, author_id ON article_authors
    FOR EACH ROW EXECUTE FUNCTION copy_from_article();
CREATE TRIGGER copy_from_article BEFORE INSERT OR UPDATE OF id, tag_id ON article_tags
    FOR EACH ROW EXECUTE FUNCTION copy_from_article();

-- … and when the article changes.
CREATE FUNCTION copy_to_article_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE article_authors SET status = NEW.status, language = NEW.language, category_id = NEW.category_id,
        listed_at = NEW.listed_at, updated_at = NEW.updated_at, deleted_at = NEW.deleted_at WHERE id = NEW.id;
    UPDATE article_tags SET status = NEW.status, language = NEW.language, category_id = NEW.category_id,
        listed_at = NEW.listed_at, updated_at = NEW.updated_at, deleted_at = NEW.deleted_at WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_to_article_lists AFTER UPDATE ON articles FOR EACH ROW
    WHEN ((OLD.status, OLD.language, OLD.category_id, OLD.listed_at, OLD.updated_at, OLD.deleted_at)
        IS DISTINCT FROM (NEW.status, NEW.language, NEW.category_id, NEW.listed_at, NEW.updated_at, NEW.deleted_at))
    EXECUTE FUNCTION copy_to_article_lists();

-- An article that comes out of the trash may name only who and what is still there. The locks keep them there.
CREATE FUNCTION find_all_named_alive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM authors JOIN article_authors ON author_id = authors.id
    WHERE article_authors.id = NEW.id FOR SHARE OF authors;
    PERFORM FROM tags JOIN article_tags ON tag_id = tags.id
    WHERE article_tags.id = NEW.id FOR SHARE OF tags;
    IF EXISTS (SELECT FROM article_authors JOIN authors ON authors.id = author_id
            WHERE article_authors.id = NEW.id AND authors.deleted_at IS NOT NULL)
        OR EXISTS (SELECT FROM article_tags JOIN tags ON tags.id = tag_id
            WHERE article_tags.id = NEW.id AND tags.deleted_at IS NOT NULL) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'articles_named_live',
            MESSAGE = 'what the article names is not there any more';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER find_all_named_alive AFTER UPDATE OF deleted_at ON articles DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION find_all_named_alive();

CREATE FUNCTION keep_what_articles_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used boolean;
BEGIN
    IF TG_TABLE_NAME = 'authors' THEN
        used := EXISTS (SELECT FROM article_authors WHERE author_id = NEW.id AND deleted_at IS NULL);
    ELSE
        used := EXISTS (SELECT FROM article_tags WHERE tag_id = NEW.id AND deleted_at IS NULL);
    END IF;
    IF used THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_in_use', MESSAGE = 'articles still name it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_what_articles_name BEFORE UPDATE OF deleted_at ON authors
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION keep_what_articles_name();
CREATE TRIGGER keep_what_articles_name BEFORE UPDATE OF deleted_at ON tags
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION keep_what_articles_name();

-- Translations. One of them is the original, all others point at it, so all of them know each other by one key.
ALTER TABLE articles ADD translation_of uuid REFERENCES articles (id) CHECK (translation_of <> id);
CREATE UNIQUE INDEX articles_translation_key ON articles (coalesce(translation_of, id), language)
    WHERE deleted_at IS NULL;
CREATE INDEX articles_translation_of ON articles (translation_of) WHERE translation_of IS NOT NULL;

-- Whoever joins waits for whoever joined before: what it reads then is what stands.
CREATE FUNCTION find_original() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('translations', 0));
    SELECT coalesce(translation_of, id) INTO original FROM articles
    WHERE id = NEW.translation_of AND deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'articles_translation_of_live',
            MESSAGE = 'the article that this translates is not there';
    END IF;
    -- Where that translates this one, they know each other already.
    NEW.translation_of := nullif(original, NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER find_original_on_insert BEFORE INSERT ON articles
    FOR EACH ROW WHEN (NEW.translation_of IS NOT NULL) EXECUTE FUNCTION find_original();
CREATE TRIGGER find_original_on_update BEFORE UPDATE OF translation_of ON articles FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.translation_of IS NOT NULL
        AND NEW.translation_of IS DISTINCT FROM OLD.translation_of)
    EXECUTE FUNCTION find_original();

-- An original that becomes a translation brings its own translations with it.
CREATE FUNCTION bring_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE articles SET translation_of = NEW.translation_of WHERE translation_of = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER bring_translations AFTER UPDATE OF translation_of ON articles FOR EACH ROW
    WHEN (OLD.translation_of IS NULL AND NEW.translation_of IS NOT NULL) EXECUTE FUNCTION bring_translations();
