-- One row for every committed change, written in the change's own transaction.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- A sequence's numbers do not commit in order. Whoever follows the log reads by (xid, id), and only below
    -- pg_snapshot_xmin(pg_current_snapshot()): nothing can appear behind it any more.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    resource text NOT NULL CHECK (resource IN ('category', 'headline', 'article')),
    resource_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    action text NOT NULL CHECK (action IN ('created', 'updated', 'deleted', 'restored')),
    -- Null where nobody's key did it: the sample content, for one.
    key_id uuid REFERENCES api_keys (id)
);

CREATE UNIQUE INDEX events_version ON events (resource_id, version, resource);
CREATE INDEX events_in_commit_order ON events (xid, id);
