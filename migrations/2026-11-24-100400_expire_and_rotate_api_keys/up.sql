ALTER TABLE api_keys
    ADD COLUMN expires_at timestamptz,
    -- Null where it was made on the command line, or by somebody whom an identity provider vouched for.
    ADD COLUMN created_by uuid REFERENCES api_keys (id),
    ADD COLUMN rotated_from uuid REFERENCES api_keys (id),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT api_keys_expires_at_check CHECK (expires_at >= created_at AND isfinite(expires_at)),
    ADD CONSTRAINT api_keys_version_check CHECK (version > 0),
    -- A key has one successor.
    ADD CONSTRAINT api_keys_rotated_from_key UNIQUE (rotated_from);

UPDATE api_keys SET updated_at = coalesce(revoked_at, created_at);

CREATE INDEX api_keys_by_time ON api_keys (created_at, id);

-- What a key is stays as it is, and a key that is no longer good never is again: who still has it may have lost it.
CREATE FUNCTION api_keys_stay_what_they_are() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.prefix, NEW.hash, NEW.created_at, NEW.created_by, NEW.rotated_from)
        IS DISTINCT FROM (OLD.id, OLD.prefix, OLD.hash, OLD.created_at, OLD.created_by, OLD.rotated_from) THEN
        RAISE EXCEPTION 'what a key is can''t be changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_fixed', TABLE = 'api_keys';
    ELSIF (OLD.revoked_at IS NOT NULL OR OLD.expires_at <= now())
        AND (NEW.revoked_at, NEW.expires_at, NEW.scopes) IS DISTINCT FROM (OLD.revoked_at, OLD.expires_at, OLD.scopes)
        AND NOT (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
            AND (NEW.expires_at, NEW.scopes) IS NOT DISTINCT FROM (OLD.expires_at, OLD.scopes)) THEN
        RAISE EXCEPTION 'a key that was revoked or has expired can only be revoked'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_ended', TABLE = 'api_keys';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER api_keys_stay_what_they_are BEFORE UPDATE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION api_keys_stay_what_they_are();

-- Whoever takes a good admin key away, or shortens its life, must leave one behind that stays: neither revoked nor with an
-- end. One at a time, until the commit: two that each take one of the last two would each still see the other's. At once,
-- unless a transaction puts it off: what fails at the commit of a single statement, not every client gets to hear.
CREATE FUNCTION api_keys_keep_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('api_keys: the last admin', 0));
    IF NOT EXISTS (
        SELECT FROM api_keys WHERE 'admin' = ANY (scopes) AND revoked_at IS NULL AND expires_at IS NULL
    ) THEN
        RAISE EXCEPTION 'no admin key would stay'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_last_admin', TABLE = 'api_keys';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER api_keys_keep_an_admin_on_update AFTER UPDATE ON api_keys
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN ('admin' = ANY (OLD.scopes) AND OLD.revoked_at IS NULL AND (OLD.expires_at IS NULL OR OLD.expires_at > now())
        AND (NEW.revoked_at IS NOT NULL OR NOT 'admin' = ANY (NEW.scopes)
            OR NEW.expires_at < coalesce(OLD.expires_at, 'infinity')))
    EXECUTE FUNCTION api_keys_keep_an_admin();

CREATE CONSTRAINT TRIGGER api_keys_keep_an_admin_on_delete AFTER DELETE ON api_keys
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN ('admin' = ANY (OLD.scopes) AND OLD.revoked_at IS NULL AND (OLD.expires_at IS NULL OR OLD.expires_at > now()))
    EXECUTE FUNCTION api_keys_keep_an_admin();
