-- The change log: one row for every committed change, written in the transaction of the change.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Transactions do not commit in the order of `id`. A reader that misses nothing orders by (xid, id) and stops below
    -- pg_snapshot_xmin(pg_current_snapshot()): no transaction in progress can insert before that.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    resource text NOT NULL CHECK (resource IN ('category', 'headline', 'article', 'author', 'tag', 'site')),
    resource_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    action text NOT NULL CHECK (action IN ('created', 'updated', 'deleted', 'restored')),
    -- What the change did to the public; null if nothing.
    effect text CHECK (effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    -- What it did to partners who see scheduled content.
    early_effect text CHECK (early_effect IN ('published', 'updated', 'withdrawn', 'expired', 'deleted')),
    -- The properties before the change that clients filter by: language, category, priority, tags.
    previous jsonb,
    -- The cache tags of the answers that the change affects; null if it may affect any.
    tags bigint[],
    -- The moments, past or to come, at which the resource becomes visible to the public, or ceases to be.
    moments timestamptz[] NOT NULL DEFAULT '{}'
);

CREATE UNIQUE INDEX events_version ON events (resource_id, version, resource);
CREATE INDEX events_in_commit_order ON events (xid, id);

-- The log as a whole: its identity, which cursors carry, and the latest transaction whose events were removed.
CREATE TABLE change_log (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    cleared xid8 NOT NULL DEFAULT '0'
);
INSERT INTO change_log DEFAULT VALUES;

-- The longest time between the `updated_at` of a change and the moment when other transactions see it. A client that
-- polls for changes by `updated_at` starts from that long before the latest one that it has seen, and misses nothing.
CREATE FUNCTION max_transaction_duration() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN interval '10 seconds';

-- A longer transaction is not committed, except bulk loading, which runs without a statement timeout.
CREATE FUNCTION limit_transaction_duration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF clock_timestamp() - transaction_timestamp() > max_transaction_duration() THEN
        RAISE serialization_failure USING MESSAGE = 'the transaction took too long to be committed';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER limit_transaction_duration AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (current_setting('statement_timeout') <> '0') EXECUTE FUNCTION limit_transaction_duration();
