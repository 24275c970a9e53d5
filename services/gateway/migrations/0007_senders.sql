-- What is known of each sender: how often it may ask, and what it gets wrong.

ALTER TABLE credential
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute >= 0),
    ADD COLUMN quirks text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN credential.requests_per_minute IS 'Requests that one gateway takes in a minute; 0: any number; NULL: the setting''s';
COMMENT ON COLUMN credential.quirks IS 'Names of services.gateway.domain.quirks.Quirk: what this sender gets wrong and is understood in';
