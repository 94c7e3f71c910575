-- The response to each `POST` with an `Idempotency-Key`, stored in the transaction of the request and replayed to the same
-- request for 24 hours.
CREATE TABLE idempotency_keys (
    -- The id of the API key, or a digest of the JWT's issuer and subject.
    caller text NOT NULL CHECK (length(caller) BETWEEN 1 AND 100),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    -- SHA-256 of the path and the body of the request.
    request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
    response_status smallint NOT NULL CHECK (response_status BETWEEN 200 AND 299),
    response_headers jsonb NOT NULL,
    -- Encrypted where it contains a secret.
    response_body bytea NOT NULL,
    -- The resource and its version, as the ETag begins; null where the response is not one resource.
    resource_version text CHECK (length(resource_version) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
