-- An absolute http or https address as RFC 3986 writes it: nobody's credentials before the host, no sign that readers
-- take for another, every `%` with its two digits.
CREATE OR REPLACE FUNCTION is_http_url(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= 2048
    AND value ~* '^https?://(\[[0-9a-f:.]+\]|([-.0-9_a-z~!$&''()*+,;=]|%[0-9a-f]{2})+)(:[0-9]*)?([/?#]([-!#$&''()*+,./0-9:;=?@_a-z~[]|\]|%[0-9a-f]{2})*)?$';
