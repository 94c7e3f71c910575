DROP TABLE former_slugs;
DROP FUNCTION record_former_slug, set_release, advance_updated_at, is_timestamp, are_links, are_localized_names, are_language_tags,
    is_language_tag, is_http_url, is_slug, is_multiline_text, is_line;
