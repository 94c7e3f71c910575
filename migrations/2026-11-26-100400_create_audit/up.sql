-- The audit log: one row for every write, in the transaction of the write, and one for every refused write. Append-only.
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    method text NOT NULL CHECK (method IN ('POST', 'PUT', 'PATCH', 'DELETE')),
    path text NOT NULL CHECK (length(path) <= 300),
    -- The HTTP status of the response.
    status smallint NOT NULL CHECK (status BETWEEN 200 AND 599),
    -- Exactly one of the two: the action of a successful write, or the problem type of a refused one.
    action text CHECK (action IN ('created', 'updated', 'deleted', 'restored', 'revoked', 'rotated')),
    problem text CHECK (problem ~ '^[a-z-]{1,50}$'),
    resource text NOT NULL CHECK (resource IN ('category', 'headline', 'article', 'author', 'tag', 'site', 'key', 'audit')),
    resource_id uuid,
    version integer CHECK (version > 0),
    key_id uuid REFERENCES api_keys (id),
    -- The name of the API key or the subject of the JWT; null without valid credentials.
    caller text CHECK (length(caller) BETWEEN 1 AND 300),
    request_id text NOT NULL CHECK (length(request_id) BETWEEN 1 AND 128),
    address inet,
    CONSTRAINT audit_action_or_problem CHECK ((action IS NULL) <> (problem IS NULL)),
    CONSTRAINT audit_action_has_resource_id CHECK (action IS NULL OR resource_id IS NOT NULL)
);

CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_refused ON audit (at, id) WHERE problem IS NOT NULL;
CREATE INDEX audit_resource ON audit (resource, at, id);
CREATE INDEX audit_resource_id ON audit (resource_id, at, id) WHERE resource_id IS NOT NULL;
CREATE INDEX audit_key ON audit (key_id, at, id) WHERE key_id IS NOT NULL;
CREATE INDEX audit_caller ON audit (caller, at, id) WHERE caller IS NOT NULL;
CREATE INDEX audit_problem ON audit (problem, at, id) WHERE problem IS NOT NULL;
CREATE INDEX audit_request_id ON audit (request_id, at, id);
CREATE INDEX audit_address ON audit (address, at, id) WHERE address IS NOT NULL;

CREATE FUNCTION refuse_audit_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE integrity_constraint_violation USING CONSTRAINT = 'audit_append_only', MESSAGE = 'the audit log is never changed';
END $$;
CREATE TRIGGER refuse_audit_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_changes();
