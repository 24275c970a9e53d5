-- Keys of senders and readers, and what was refused lately.

CREATE TABLE credential (
    key_id           text PRIMARY KEY CHECK (key_id ~ '^[a-z2-7]{16}$'),
    name             text NOT NULL CHECK (name <> ''),
    scopes           text[] NOT NULL CHECK (cardinality(scopes) > 0),
    authority        text NOT NULL,
    authority_ifi    text NOT NULL,
    ids_from_content boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    expires_at       timestamptz,
    revoked_at       timestamptz,
    last_used_at     timestamptz
);
COMMENT ON TABLE credential IS 'Keys of senders and readers; the secrets are kept as keyed hashes';
COMMENT ON COLUMN credential.authority IS 'The xAPI Agent, as JSON, that vouches for what this key sends';

CREATE TABLE credential_secret (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id     text NOT NULL REFERENCES credential ON DELETE CASCADE,
    digest     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);
CREATE INDEX credential_secret_key_id ON credential_secret (key_id, id);

CREATE TABLE refused_request (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id text REFERENCES credential ON DELETE CASCADE,
    at     timestamptz NOT NULL,
    method text NOT NULL,
    route  text NOT NULL,
    status smallint NOT NULL,
    reason text NOT NULL
);
CREATE INDEX refused_request_key_id ON refused_request (key_id, id);
COMMENT ON TABLE refused_request IS 'The last refused requests of each key, and of unknown keys together (key_id NULL); no secrets, no personal data';
