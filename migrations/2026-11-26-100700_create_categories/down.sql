DROP TABLE categories, category_tree;
DROP FUNCTION require_live_category, limit_category_count, update_descendant_tree_keys, compute_category_tree_key;
