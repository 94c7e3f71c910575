DROP FUNCTION stand_in_live_category;
DROP TABLE categories, category_tree, former_slugs;
DROP FUNCTION keep_former_slug, move_category_branch, keep_category_tree;
