-- The record: statements in the order in which they were recorded, what each mentions, and the record's clock.

CREATE TABLE statement (
    seq         bigint      PRIMARY KEY,
    stored      timestamptz NOT NULL UNIQUE,
    "timestamp" timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    redacted_at timestamptz,
    id          uuid        NOT NULL UNIQUE,
    voided      boolean     NOT NULL,
    redacts     boolean     NOT NULL,
    digest      bytea       NOT NULL,
    source      text        NOT NULL,
    authority   text        NOT NULL,
    body        bytea       NOT NULL
);
COMMENT ON TABLE statement IS 'The record. Rows are added under the recorder''s lock; only voided, redacted_at and a redacted body ever change';
COMMENT ON COLUMN statement.seq IS 'Dense and in order of commit: 1, 2, 3, …';
COMMENT ON COLUMN statement.stored IS 'Strictly increasing with seq; the same value stands in body';
COMMENT ON COLUMN statement.received_at IS 'When the door took the request';
COMMENT ON COLUMN statement.redacts IS 'Came with the redaction of its own object, which leaves this statement as it is';
COMMENT ON COLUMN statement.digest IS 'Of the canonical content that the sender sent; kept through redaction';
COMMENT ON COLUMN statement.source IS 'Which door: credential:<key id> or source:<source id>';
COMMENT ON COLUMN statement.authority IS 'The canonical IFI of who vouches';
COMMENT ON COLUMN statement.body IS 'JSON as it is served, in UTF-8; bytea, since jsonb refuses \u0000 and rewrites numbers';

CREATE TABLE statement_mention (
    key    uuid     NOT NULL,
    seq    bigint   NOT NULL,
    usage  smallint NOT NULL,
    direct boolean  NOT NULL,
    UNIQUE (key, direct, seq)
);
COMMENT ON TABLE statement_mention IS 'What a statement can be found by: agents, activities, verb and registration, its own and those of the statements it refers to';
COMMENT ON COLUMN statement_mention.key IS 'services.gateway.domain.keys: 16 bytes of BLAKE2b over the canonical IFI, the IRI or the registration';
COMMENT ON COLUMN statement_mention.usage IS 'Bits of services.gateway.domain.mentions.Usage';
COMMENT ON COLUMN statement_mention.direct IS 'Matches without related_agents or related_activities';

CREATE TABLE statement_reference (
    seq    bigint  PRIMARY KEY,
    target uuid    NOT NULL,
    voids  boolean NOT NULL
);
CREATE INDEX statement_reference_target ON statement_reference (target, voids);
COMMENT ON TABLE statement_reference IS 'Statements whose object is a StatementRef; the target may come later, or never';
COMMENT ON COLUMN statement_reference.voids IS 'The statement''s verb is voided';

CREATE TABLE redaction (
    source       text        NOT NULL,
    activity_key uuid        NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (activity_key, source)
);
COMMENT ON TABLE redaction IS 'Activities whose text a source deleted: statements about them, those still to come included, are kept redacted';
COMMENT ON COLUMN redaction.at IS 'When the first request that redacts it was received';

CREATE TABLE clock (
    singleton          boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    consistent_through timestamptz NOT NULL
);
INSERT INTO clock (consistent_through) VALUES ('1970-01-01T00:00:00Z');
COMMENT ON TABLE clock IS 'One row: nothing is recorded at or before consistent_through any more. Raised under the recorder''s lock, never lowered';

CREATE VIEW recorded_statement AS
SELECT seq, id, stored, received_at, source, voided, redacted_at, body
FROM statement;
COMMENT ON VIEW recorded_statement IS 'Contract with the other services: the record as it stands, for replay in order of seq';
