-- What a connector has to be told besides, and what we show when we ask the platform (sealed for '<source>/token').
ALTER TABLE source ADD COLUMN options jsonb NOT NULL DEFAULT '{}';
ALTER TABLE source ADD COLUMN sealed_token bytea;

-- Which process asks the platform of a source now: one at a time, however many there are.
CREATE TABLE asker (
    source text PRIMARY KEY REFERENCES source ON DELETE CASCADE,
    claimed_by uuid NOT NULL,
    claimed_until timestamptz NOT NULL
);

-- Where each poll of a source goes on, and when.
CREATE TABLE poll (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    name text NOT NULL,
    cursor bytea NOT NULL,
    due timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    last_failure text,
    succeeded_at timestamptz,
    PRIMARY KEY (source, name)
);

-- What a platform named without telling it, until it was asked for; what was given up stays, for the operator to see.
CREATE TABLE lookup (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    key text NOT NULL,
    reference bytea NOT NULL,
    noticed text NOT NULL,
    due timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    last_failure text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'given-up')),
    PRIMARY KEY (source, key)
);
CREATE INDEX lookup_due ON lookup (source, due) WHERE state = 'waiting';
