-- Checks that several tables use, and what all resources share: `updated_at` and former slugs.
-- The program checks the same rules, to report them field by field; the database enforces them. What every write calls is in
-- PL/pgSQL, which keeps its plans: Postgres parses and plans a function in SQL again for each statement.

-- One line of plain text: at least one visible character, no control characters.
CREATE FUNCTION is_line(value text, longest integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN char_length(value) <= longest
        AND value !~ '[\u0001-\u001f\u007f-\u009f]'
        AND value ~ '[^\s\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]';
END $$;

-- Plain text of several lines: tabs and line breaks are allowed.
CREATE FUNCTION is_multiline_text(value text, longest integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN char_length(value) <= longest
        AND value !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
        AND value ~ '[^\s\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]';
END $$;

-- Letters and digits of any script, in lower case, joined by single hyphens. Never in the form of a UUID, because paths
-- take a slug or an id.
CREATE FUNCTION is_slug(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN char_length(value) BETWEEN 1 AND 200
        AND value !~ '[\u0001-\u002c\u002e\u002f\u003a-\u0060\u007b-\u00a9\u2000-\u206f]'
        AND value = lower(value)
        AND value !~ '^-|--|-$'
        AND value !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
END $$;

-- An absolute http or https URL (RFC 3986) without credentials, without a character that user agents normalise to another,
-- and with every `%` followed by two hexadecimal digits.
CREATE FUNCTION is_http_url(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN char_length(value) <= 2048
        AND value ~* '^https?://(\[[0-9a-f:.]+\]|([-.0-9_a-z~!$&''()*+,;=]|%[0-9a-f]{2})+)(:[0-9]*)?([/?#]([-!#$&''()*+,./0-9:;=?@_a-z~[]|\]|%[0-9a-f]{2})*)?$';
END $$;

-- The outer form of a BCP 47 language tag; the program also checks the subtags against the registry.
CREATE FUNCTION is_language_tag(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN char_length(value) <= 35 AND value ~ '^[a-z]{2,8}(-[A-Za-z0-9]{1,8})*$';
END $$;

-- 1 to 50 distinct language tags.
CREATE FUNCTION are_language_tags(value text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    cardinality(value) BETWEEN 1 AND 50
    AND NOT EXISTS (SELECT FROM unnest(value) AS tag WHERE NOT coalesce(is_language_tag(tag), false))
    AND cardinality(value) = (SELECT count(DISTINCT tag) FROM unnest(value) AS tag);

-- Names by language, at most 50: {"ar": "اقتصاد"}.
CREATE FUNCTION are_localized_names(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN jsonb_typeof(value) <> 'object' THEN false
    ELSE (SELECT count(*) <= 50 AND coalesce(bool_and(
            is_language_tag(name.language) AND jsonb_typeof(name.text) = 'string' AND is_line(name.text #>> '{}', 100)), true)
        FROM jsonb_each(value) AS name (language, text))
    END;

-- Links to profiles, at most 20: [{"name": "Mastodon", "url": "https://…"}].
CREATE FUNCTION are_links(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    jsonb_typeof(value) = 'array' AND jsonb_array_length(value) <= 20 AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(value) AS link
        WHERE NOT (coalesce(is_line(link ->> 'name', 100), false) AND coalesce(is_http_url(link ->> 'url'), false))
    );

-- A plausible publication time: the first newspapers date from 1605, and RFC 3339 ends with the year 9999.
CREATE FUNCTION is_timestamp(value timestamptz) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN value >= '1600-01-01T00:00:00Z' AND value < '10000-01-01T00:00:00Z';
END $$;

-- `updated_at` increases with `version`. The clock is read when the row is written, because the transaction may have begun
-- long before and waited for a lock; should the clock go backwards, `updated_at` still increases.
CREATE FUNCTION advance_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
    RETURN NEW;
END $$;

-- Content is `pending` until its time comes, `out` while the public sees it, and `expired` afterwards; null if it is not for the
-- public. Reads obey the times themselves: this is what the last version said. A task of the server writes the next one within
-- a second of the moment. `public_effect` is what the version did to the public, `early_effect` what it did to partners who see
-- scheduled content. `previous` has the properties before the change that clients filter by.
CREATE FUNCTION set_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_out boolean := TG_OP = 'UPDATE' AND OLD.release IS NOT DISTINCT FROM 'out';
    was_early boolean := was_out OR TG_OP = 'UPDATE' AND OLD.release IS NOT DISTINCT FROM 'pending';
    -- Its time may have come without a version that says so.
    was_public boolean := was_out OR was_early AND OLD.published_at <= now();
    ending text;
BEGIN
    NEW.release := CASE
        WHEN NEW.deleted_at IS NOT NULL OR NEW.status NOT IN ('published', 'scheduled') THEN NULL
        WHEN NEW.expires_at <= now() THEN 'expired'
        WHEN NEW.published_at > now() THEN 'pending'
        ELSE 'out'
    END;
    ending := CASE
        WHEN NEW.release = 'expired' THEN 'expired'
        WHEN NEW.deleted_at IS NOT NULL THEN 'deleted'
        ELSE 'withdrawn'
    END;
    NEW.public_effect := CASE
        WHEN NEW.release = 'out' THEN CASE WHEN was_out THEN 'updated' ELSE 'published' END
        WHEN was_public THEN ending
    END;
    NEW.early_effect := CASE
        WHEN NEW.release IN ('out', 'pending') THEN CASE WHEN was_early THEN 'updated' ELSE 'published' END
        WHEN was_early THEN ending
    END;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF TG_TABLE_NAME = 'headlines' THEN
        NEW.previous := jsonb_build_object('language', OLD.language, 'category_id', OLD.category_id, 'priority', OLD.priority,
            'tags', ARRAY(SELECT tag_id FROM headline_tags WHERE id = OLD.id));
    ELSE
        NEW.previous := jsonb_build_object('language', OLD.language, 'category_id', OLD.category_id, 'priority', NULL,
            'tags', ARRAY(SELECT tag_id FROM article_tags WHERE id = OLD.id));
    END IF;
    RETURN NEW;
END $$;

-- Slugs that a resource had before: a request for one is redirected (308) to the current slug.
CREATE TABLE former_slugs (
    resource text NOT NULL CHECK (resource IN ('category', 'article', 'author', 'tag')),
    slug text NOT NULL,
    resource_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (resource, slug)
);

-- Its argument is the name of the resource. A slug that is in use again redirects no longer.
CREATE FUNCTION record_former_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM former_slugs WHERE resource = TG_ARGV[0] AND slug = NEW.slug;
    IF TG_OP = 'UPDATE' AND OLD.slug <> NEW.slug THEN
        INSERT INTO former_slugs (resource, slug, resource_id) VALUES (TG_ARGV[0], OLD.slug, NEW.id)
        ON CONFLICT (resource, slug) DO UPDATE SET resource_id = excluded.resource_id, changed_at = now();
    END IF;
    RETURN NULL;
END $$;
