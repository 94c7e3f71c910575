DROP TRIGGER refuse_delete_while_named ON tags;
DROP TRIGGER refuse_delete_while_named ON authors;
DROP TABLE article_tags, article_authors, articles, article_counts, article_count_changes;
DROP FUNCTION refuse_delete_while_named, require_live_authors_and_tags, copy_to_article_lists, copy_from_article,
    record_former_article_slug, count_article, is_image;
