CREATE OR REPLACE FUNCTION is_http_url(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= 2048 AND value ~* '^https?://[\u0021-\u007e]+$';
