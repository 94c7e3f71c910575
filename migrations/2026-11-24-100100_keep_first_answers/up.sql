-- The first answer to each `POST` that had an `Idempotency-Key`, written in the transaction of what it did: whoever asks
-- again within 24 hours gets it again.
CREATE TABLE first_answers (
    -- Whose key it is: the id of an API key, or a digest of whom an identity provider vouches for.
    caller text NOT NULL CHECK (length(caller) BETWEEN 1 AND 100),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    at timestamptz NOT NULL DEFAULT now(),
    -- SHA-256 of the path and the body that were sent.
    asked bytea NOT NULL CHECK (octet_length(asked) = 32),
    status smallint NOT NULL CHECK (status BETWEEN 200 AND 299),
    headers jsonb NOT NULL,
    -- Which resource was shown and in which version, as the entity tag begins.
    version text CHECK (length(version) BETWEEN 1 AND 100),
    body bytea NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE INDEX first_answers_at ON first_answers (at);
