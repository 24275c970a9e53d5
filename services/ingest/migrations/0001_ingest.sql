-- One workspace of one platform, and what may be heard of it. Secrets are sealed with the master key (services/ingest/vault.py).
CREATE TABLE source (
    id text PRIMARY KEY,
    platform text NOT NULL,
    workspace text NOT NULL,
    sealed_secret bytea NOT NULL,
    sealed_previous_secret bytea,
    channels text[] NOT NULL DEFAULT '{}',
    private boolean NOT NULL DEFAULT false,
    direct boolean NOT NULL DEFAULT false,
    hearing text NOT NULL DEFAULT 'metadata' CHECK (hearing IN ('metadata', 'text')),
    accepting text[] NOT NULL DEFAULT '{}',
    question_channels text[] NOT NULL DEFAULT '{}',
    excluded text[] NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    created_at timestamptz NOT NULL
);

-- A channel that the platform showed to be private: some of its events (reactions, edits) do not say so.
CREATE TABLE closed_channel (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    channel text NOT NULL,
    PRIMARY KEY (source, channel)
);

-- What is known for good of a message or post: enough to say what replies and reactions to it mean. No text.
CREATE TABLE artefact (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    native text NOT NULL,
    root text NOT NULL,
    iri text NOT NULL,
    type text NOT NULL,
    author text,
    question boolean NOT NULL,
    happened text NOT NULL,
    spoken boolean NOT NULL,
    PRIMARY KEY (source, native)
);
CREATE INDEX artefact_root ON artefact (source, root);

-- An interaction whose meaning depends on an artefact that is not known yet; it is deleted once its statement is in the log.
CREATE TABLE pending (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    statement uuid NOT NULL,
    target text NOT NULL,
    undecided bytea NOT NULL,
    due timestamptz NOT NULL,
    PRIMARY KEY (source, statement)
);
CREATE INDEX pending_target ON pending (source, target);
CREATE INDEX pending_due ON pending (due);

-- A statement that was told without what it waited for: it is told so for ever, so that redeliveries give the same bytes.
CREATE TABLE orphan (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    statement uuid NOT NULL,
    PRIMARY KEY (source, statement)
);
