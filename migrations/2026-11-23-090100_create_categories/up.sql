CREATE TABLE categories (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (is_slug(slug)),
    name text NOT NULL CHECK (is_line(name, 100)),
    -- The name in other languages: {"ar": "اقتصاد"}.
    names jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(names) = 'object'),
    description text CHECK (is_prose(description, 1000)),
    parent_id uuid REFERENCES categories (id),
    position integer NOT NULL DEFAULT 0 CHECK (position BETWEEN 0 AND 9999),
    media_topic text CHECK (media_topic ~ '^medtop:[0-9]{8}$'),
    -- The way from the root, a segment of 36 characters a level: the position, then the id. In the order of this column
    -- the tree is read top to bottom, and what begins with a category's own key stands below it. Kept by the triggers.
    tree_key text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    deleted_at timestamptz
);

CREATE UNIQUE INDEX categories_slug_key ON categories (slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX categories_tree_key ON categories (tree_key) WHERE deleted_at IS NULL;
CREATE INDEX categories_parent_id ON categories (parent_id);

-- One row, written by whoever changes the tree. Two moves at once therefore wait for each other (or, where the second
-- has an older snapshot, fail to serialize), so neither can be checked against a tree that the other is about to change.
CREATE TABLE category_tree (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    moves bigint NOT NULL DEFAULT 0
);
INSERT INTO category_tree DEFAULT VALUES;

CREATE FUNCTION keep_category_tree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    way text := '';
    below integer := 0;
BEGIN
    UPDATE category_tree SET moves = moves + 1;
    IF NEW.parent_id IS NOT NULL THEN
        SELECT tree_key INTO way FROM categories
        WHERE id = NEW.parent_id AND (deleted_at IS NULL OR NEW.deleted_at IS NOT NULL);
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING CONSTRAINT = 'categories_parent_id_live',
                MESSAGE = 'the parent is not there';
        END IF;
        IF NEW.parent_id = NEW.id OR strpos(way, replace(NEW.id::text, '-', '')) > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'categories_no_cycle',
                MESSAGE = 'a category cannot stand below itself';
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(max(char_length(tree_key)), char_length(OLD.tree_key)) - char_length(OLD.tree_key) INTO below
        FROM categories
        WHERE deleted_at IS NULL AND tree_key > OLD.tree_key AND tree_key < OLD.tree_key || 'g';
        IF NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL AND (
            EXISTS (SELECT FROM categories WHERE parent_id = NEW.id AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM articles WHERE category_id = NEW.id AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM headlines WHERE category_id = NEW.id AND deleted_at IS NULL)
        ) THEN
            RAISE foreign_key_violation USING CONSTRAINT = 'categories_in_use',
                MESSAGE = 'something still stands in the category';
        END IF;
    END IF;
    NEW.tree_key := way || lpad(to_hex(NEW.position), 4, '0') || replace(NEW.id::text, '-', '');
    IF char_length(NEW.tree_key) + below > 5 * 36 THEN
        RAISE check_violation USING CONSTRAINT = 'categories_depth', MESSAGE = 'the tree has at most 5 levels';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_category_tree_on_insert BEFORE INSERT ON categories
    FOR EACH ROW EXECUTE FUNCTION keep_category_tree();
CREATE TRIGGER keep_category_tree_on_update BEFORE UPDATE OF id, parent_id, position, tree_key, deleted_at ON categories
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION keep_category_tree();

CREATE FUNCTION move_category_branch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET tree_key = NEW.tree_key || substr(tree_key, char_length(OLD.tree_key) + 1)
    WHERE tree_key > OLD.tree_key AND tree_key < OLD.tree_key || 'g' AND id <> NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER move_category_branch AFTER UPDATE ON categories
    FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND OLD.tree_key <> NEW.tree_key)
    EXECUTE FUNCTION move_category_branch();

-- What an address was before: it answers 308 to the new one.
CREATE TABLE former_slugs (
    resource text NOT NULL CHECK (resource IN ('category', 'article')),
    slug text NOT NULL,
    resource_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (resource, slug)
);

CREATE FUNCTION keep_former_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM former_slugs WHERE resource = TG_ARGV[0] AND slug = NEW.slug;
    IF TG_OP = 'UPDATE' AND OLD.slug <> NEW.slug THEN
        INSERT INTO former_slugs (resource, slug, resource_id) VALUES (TG_ARGV[0], OLD.slug, NEW.id)
        ON CONFLICT (resource, slug) DO UPDATE SET resource_id = excluded.resource_id, changed_at = now();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_former_slug AFTER INSERT OR UPDATE OF slug ON categories
    FOR EACH ROW EXECUTE FUNCTION keep_former_slug('category');

-- Content may stand only in a category that is there. The lock keeps the category from being deleted meanwhile.
CREATE FUNCTION stand_in_live_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM categories WHERE id = NEW.category_id AND deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = TG_TABLE_NAME || '_category_id_live',
            MESSAGE = 'the category is not there';
    END IF;
    RETURN NEW;
END $$;
