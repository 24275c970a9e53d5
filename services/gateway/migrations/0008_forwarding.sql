-- Where the record is forwarded to: targets, how far each has come, and what each refused for good.

CREATE TABLE forwarding_target (
    name                  text        PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    endpoint              text        NOT NULL,
    version               text        NOT NULL,
    sealed_authentication bytea       NOT NULL,
    private_network       boolean     NOT NULL,
    sources               text[]      NOT NULL,
    except_sources        text[]      NOT NULL,
    authorities           text[]      NOT NULL,
    verbs                 text[]      NOT NULL,
    activities            text[]      NOT NULL,
    home_pages            text[]      NOT NULL,
    state                 text        NOT NULL CHECK (state IN ('running', 'paused')),
    cursor                bigint      NOT NULL CHECK (cursor >= 0),
    created_at            timestamptz NOT NULL,
    last_forwarded_at     timestamptz,
    failures              integer     NOT NULL DEFAULT 0,
    refusals              integer     NOT NULL DEFAULT 0,
    last_failure          text,
    retry_at              timestamptz,
    claimed_by            uuid,
    claimed_until         timestamptz
);
COMMENT ON TABLE forwarding_target IS 'LRSs that get what is recorded, in order of statement.seq';
COMMENT ON COLUMN forwarding_target.sealed_authentication IS 'JSON, AES-256-GCM under a key derived from the master key, bound to the name';
COMMENT ON COLUMN forwarding_target.private_network IS 'The operator allows addresses that are not public, and HTTP without TLS';
COMMENT ON COLUMN forwarding_target.cursor IS 'The last statement.seq that was forwarded, refused or passed over; moved only from the value that was read';
COMMENT ON COLUMN forwarding_target.failures IS 'Attempts in a row that the target did not answer, or not as an LRS';
COMMENT ON COLUMN forwarding_target.refusals IS 'Statements in a row that were refused; too many pause the target';
COMMENT ON COLUMN forwarding_target.claimed_by IS 'The process that sends, until claimed_until; renewed with every batch';

CREATE TABLE forwarding_letter (
    target  text        NOT NULL REFERENCES forwarding_target ON DELETE CASCADE,
    seq     bigint      NOT NULL,
    status  smallint    NOT NULL,
    reason  text        NOT NULL,
    at      timestamptz NOT NULL,
    waiting boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (target, seq)
);
COMMENT ON TABLE forwarding_letter IS 'Statements that a target refused for good; what they say stands in statement alone';
COMMENT ON COLUMN forwarding_letter.status IS 'The HTTP status of the refusal';
COMMENT ON COLUMN forwarding_letter.waiting IS 'To be sent once more';
