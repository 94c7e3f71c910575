-- What text the other tables take. Each is a check there as well as in the program.

-- One line of plain text: something to read in it, and no control character.
CREATE FUNCTION is_line(value text, longest integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= longest
    AND value !~ '[\u0001-\u001f\u007f-\u009f]'
    AND value ~ '[^\s\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]';

-- Plain text of several lines: tabs and line ends may stand in it.
CREATE FUNCTION is_prose(value text, longest integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= longest
    AND value !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
    AND value ~ '[^\s\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]';

-- Letters and digits of any script, lower-case where there is a case, joined by single hyphens; never the shape of an id.
CREATE FUNCTION is_slug(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) BETWEEN 1 AND 200
    AND value !~ '[\u0001-\u002c\u002e\u002f\u003a-\u0060\u007b-\u00a9\u2000-\u206f]'
    AND value = lower(value)
    AND value !~ '^-|--|-$'
    AND value !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

-- An absolute http or https address, percent-encoded (RFC 3986).
CREATE FUNCTION is_http_url(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= 2048 AND value ~* '^https?://[\u0021-\u007e]+$';

-- A BCP 47 language tag: its outer shape; the program knows the registry's finer rules.
CREATE FUNCTION is_language(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    char_length(value) <= 35 AND value ~ '^[a-z]{2,8}(-[A-Za-z0-9]{1,8})*$';

-- A moment that a newsroom can mean: newspapers begin in 1605, RFC 3339 ends with the year 9999.
CREATE FUNCTION is_moment(value timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    value >= '1600-01-01T00:00:00Z' AND value < '10000-01-01T00:00:00Z';
