-- Which master keys this installation knows: so that one that is not its own is noticed, instead of refusing every sender.

CREATE TABLE master_key (
    fingerprint   bytea       PRIMARY KEY,
    first_used_at timestamptz NOT NULL
);
COMMENT ON TABLE master_key IS 'The master keys that were in use here, told by fingerprints; empty until a gateway first starts';
COMMENT ON COLUMN master_key.fingerprint IS 'Derived from the key, and leads back to it no more: services.gateway.domain.keychain';
