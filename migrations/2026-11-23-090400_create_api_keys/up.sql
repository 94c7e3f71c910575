CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (is_line(name, 100)),
    -- The key's first 12 characters: enough to find it and to tell it from another, far too few to use it.
    prefix text NOT NULL CHECK (prefix ~ '^mnc_[0-9A-Za-z]{8}$'),
    -- SHA-256 of the whole key, which has 244 random bits: nothing slower is needed against guessing.
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    scopes text[] NOT NULL CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'early', 'write', 'publish', 'admin']
    ),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE UNIQUE INDEX api_keys_prefix_key ON api_keys (prefix);
