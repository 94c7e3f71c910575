CREATE TABLE categories (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    name text NOT NULL CHECK (is_line(name, 100)),
    names jsonb NOT NULL DEFAULT '{}' CHECK (are_localized_names(names)),
    description text CHECK (is_multiline_text(description, 1000)),
    parent_id uuid REFERENCES categories (id),
    position integer NOT NULL DEFAULT 0 CHECK (position BETWEEN 0 AND 9999),
    media_topic text CHECK (media_topic ~ '^medtop:[0-9]{8}$'),
    -- The materialised path from the root, 36 characters for each level: the position, then the id. Sorting by it gives the
    -- tree in depth-first order, and the descendants of a category are the rows whose key starts with its own. Maintained
    -- by the triggers below.
    tree_key text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz
);

CREATE UNIQUE INDEX categories_slug_key ON categories (slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX categories_tree_key ON categories (tree_key) WHERE deleted_at IS NULL;
CREATE INDEX categories_parent_id ON categories (parent_id);
-- `fastupdate` is off for every GIN index: each search would read its pending list from beginning to end.
CREATE INDEX categories_words ON categories USING gin (to_tsvector('simple', search_names(name, names)))
    WITH (fastupdate = off) WHERE deleted_at IS NULL;

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON categories
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
CREATE TRIGGER record_former_slug AFTER INSERT OR UPDATE OF slug ON categories
    FOR EACH ROW EXECUTE FUNCTION record_former_slug('category');

-- One row, updated by every change of the tree: it serialises them, so that none is checked against a tree that another
-- transaction is changing. (A transaction with an older snapshot fails to serialize.)
CREATE TABLE category_tree (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    change_count bigint NOT NULL DEFAULT 0
);
INSERT INTO category_tree DEFAULT VALUES;

-- Computes `tree_key` from the parent, and refuses cycles, a sixth level, and deleting a category that has content.
CREATE FUNCTION compute_category_tree_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent_key text := '';
    subtree_length integer := 0;
BEGIN
    UPDATE category_tree SET change_count = change_count + 1;
    IF NEW.parent_id IS NOT NULL THEN
        SELECT tree_key INTO parent_key FROM categories
        WHERE id = NEW.parent_id AND (deleted_at IS NULL OR NEW.deleted_at IS NOT NULL);
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING CONSTRAINT = 'categories_parent_id_live',
                MESSAGE = 'the parent category does not exist or is deleted';
        END IF;
        IF NEW.parent_id = NEW.id OR strpos(parent_key, replace(NEW.id::text, '-', '')) > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'categories_no_cycle',
                MESSAGE = 'a category cannot be a descendant of itself';
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(max(char_length(tree_key)), char_length(OLD.tree_key)) - char_length(OLD.tree_key)
        INTO subtree_length FROM categories
        WHERE deleted_at IS NULL AND tree_key > OLD.tree_key AND tree_key < OLD.tree_key || 'g';
        IF NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL AND (
            EXISTS (SELECT FROM categories WHERE parent_id = NEW.id AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM articles WHERE category_id = NEW.id AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM headlines WHERE category_id = NEW.id AND deleted_at IS NULL)
        ) THEN
            RAISE foreign_key_violation USING CONSTRAINT = 'categories_in_use',
                MESSAGE = 'the category still contains categories, articles or headlines';
        END IF;
    END IF;
    NEW.tree_key := parent_key || lpad(to_hex(NEW.position), 4, '0') || replace(NEW.id::text, '-', '');
    IF char_length(NEW.tree_key) + subtree_length > 5 * 36 THEN
        RAISE check_violation USING CONSTRAINT = 'categories_depth', MESSAGE = 'the tree has at most 5 levels';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compute_category_tree_key_on_insert BEFORE INSERT ON categories
    FOR EACH ROW EXECUTE FUNCTION compute_category_tree_key();
CREATE TRIGGER compute_category_tree_key_on_update
    BEFORE UPDATE OF id, parent_id, position, tree_key, deleted_at ON categories
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION compute_category_tree_key();

CREATE FUNCTION update_descendant_tree_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET tree_key = NEW.tree_key || substr(tree_key, char_length(OLD.tree_key) + 1)
    WHERE tree_key > OLD.tree_key AND tree_key < OLD.tree_key || 'g' AND id <> NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER update_descendant_tree_keys AFTER UPDATE ON categories
    FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND OLD.tree_key <> NEW.tree_key)
    EXECUTE FUNCTION update_descendant_tree_keys();

-- The number of categories is limited because the tree is returned whole. Triggers fire in the order of their names, so
-- `compute_category_tree_key` has taken the lock by now.
CREATE FUNCTION limit_category_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM categories WHERE deleted_at IS NULL) >= 1000 THEN
        RAISE check_violation USING CONSTRAINT = 'categories_count', MESSAGE = 'a site has at most 1,000 categories';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER limit_category_count_on_insert BEFORE INSERT ON categories
    FOR EACH ROW EXECUTE FUNCTION limit_category_count();
CREATE TRIGGER limit_category_count_on_update BEFORE UPDATE OF deleted_at ON categories
    FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION limit_category_count();

-- Articles and headlines refer only to categories that are not deleted. The lock keeps the category from being deleted
-- until the commit.
CREATE FUNCTION require_live_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM categories WHERE id = NEW.category_id AND deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_category_id_live',
            MESSAGE = 'the category does not exist or is deleted';
    END IF;
    RETURN NEW;
END $$;
