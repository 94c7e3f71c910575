DROP FUNCTION is_moment, is_language, is_http_url, is_slug, is_prose, is_line;
