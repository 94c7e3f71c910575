CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (is_line(name, 100)),
    -- The first 12 characters of the key: enough to look it up and to recognise it, far too few to use it.
    prefix text NOT NULL CHECK (prefix ~ '^mnc_[0-9A-Za-z]{8}$'),
    -- SHA-256 of the whole key, which has 244 random bits: guessing is infeasible without a slow hash.
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    scopes text[] NOT NULL CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'early', 'write', 'publish', 'admin']
    ),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    -- Null for a key created on the command line or with a JWT.
    created_by uuid REFERENCES api_keys (id),
    -- Unique, because a key has at most one successor.
    rotated_from uuid UNIQUE REFERENCES api_keys (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    CONSTRAINT api_keys_expires_at_check CHECK (expires_at >= created_at AND isfinite(expires_at))
);

CREATE UNIQUE INDEX api_keys_prefix_key ON api_keys (prefix);
CREATE INDEX api_keys_by_time ON api_keys (created_at, id);

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON api_keys
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();

-- The identity of a key is immutable, and a revoked or expired key never becomes active again: it may have been leaked.
CREATE FUNCTION guard_api_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.prefix, NEW.hash, NEW.created_at, NEW.created_by, NEW.rotated_from)
        IS DISTINCT FROM (OLD.id, OLD.prefix, OLD.hash, OLD.created_at, OLD.created_by, OLD.rotated_from) THEN
        RAISE EXCEPTION 'the identity of an API key is immutable'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_immutable', TABLE = 'api_keys';
    ELSIF (OLD.revoked_at IS NOT NULL OR OLD.expires_at <= now())
        AND (NEW.revoked_at, NEW.expires_at, NEW.scopes) IS DISTINCT FROM (OLD.revoked_at, OLD.expires_at, OLD.scopes)
        AND NOT (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
            AND (NEW.expires_at, NEW.scopes) IS NOT DISTINCT FROM (OLD.expires_at, OLD.scopes)) THEN
        RAISE EXCEPTION 'a revoked or expired API key can only be revoked'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_inactive', TABLE = 'api_keys';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_api_key_changes BEFORE UPDATE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION guard_api_key_changes();

-- Revoking, restricting or shortening an active admin key must leave another admin key that is active and never expires. The
-- advisory lock, held until the commit, serialises these changes: two transactions that each revoke one of the last two keys
-- would otherwise each still see the other one. Checked immediately by default, because an error at the commit of a single
-- statement does not reach every client.
CREATE FUNCTION require_permanent_admin_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('api_keys: the last admin', 0));
    IF NOT EXISTS (
        SELECT FROM api_keys WHERE 'admin' = ANY (scopes) AND revoked_at IS NULL AND expires_at IS NULL
    ) THEN
        RAISE EXCEPTION 'no active admin key without an expiry would be left'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_last_admin', TABLE = 'api_keys';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER require_permanent_admin_key_on_update AFTER UPDATE ON api_keys
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN ('admin' = ANY (OLD.scopes) AND OLD.revoked_at IS NULL AND (OLD.expires_at IS NULL OR OLD.expires_at > now())
        AND (NEW.revoked_at IS NOT NULL OR NOT 'admin' = ANY (NEW.scopes)
            OR NEW.expires_at < coalesce(OLD.expires_at, 'infinity')))
    EXECUTE FUNCTION require_permanent_admin_key();
CREATE CONSTRAINT TRIGGER require_permanent_admin_key_on_delete AFTER DELETE ON api_keys
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN ('admin' = ANY (OLD.scopes) AND OLD.revoked_at IS NULL AND (OLD.expires_at IS NULL OR OLD.expires_at > now()))
    EXECUTE FUNCTION require_permanent_admin_key();
