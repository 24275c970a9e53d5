-- Who was erased: remembered without naming anybody, so that what comes late, or again, is not kept either.

CREATE TABLE erasure (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digests      bytea[] NOT NULL,
    erased_at    timestamptz NOT NULL,
    through_seq  bigint NOT NULL,
    finished_at  timestamptz,
    statements   bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE erasure IS 'One row for each erasure of a person, who is not named; the rows stay';
COMMENT ON COLUMN erasure.digests IS 'Of the person''s identifiers, as in erased_key';
COMMENT ON COLUMN erasure.erased_at IS 'What was received until then goes; what comes later is new';
COMMENT ON COLUMN erasure.through_seq IS 'The last statement of the record at that time';
COMMENT ON COLUMN erasure.finished_at IS 'NULL while it is under way, and after a crash until the person is erased again';
COMMENT ON COLUMN erasure.statements IS 'How many statements were overwritten';

CREATE TABLE erased_key (
    digest    bytea       PRIMARY KEY,
    erased_at timestamptz NOT NULL
);
CREATE INDEX erased_key_erased_at ON erased_key (erased_at);
COMMENT ON TABLE erased_key IS 'By what the recorder knows erased people, and what they wrote, in requests that were received before';
COMMENT ON COLUMN erased_key.digest IS 'Of the key in statement_mention, keyed with the master key: services.gateway.domain.keychain';

ALTER TABLE statement ADD COLUMN names_only boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN statement.names_only IS 'Of a redacted statement only erased people are gone: its own words are there, and count';

CREATE OR REPLACE VIEW recorded_statement AS
SELECT seq, id, stored, received_at, source, voided, redacted_at, body, names_only
FROM statement;

ALTER TABLE audit DROP CONSTRAINT audit_action_check;
ALTER TABLE audit ADD CONSTRAINT audit_action_check
    CHECK (action IN ('impact', 'explanation', 'changes', 'object', 'withdraw', 'export', 'erase'));
COMMENT ON TABLE audit IS 'Reads of impact, objections, exports and erasures; written before the answer is given, never changed';
COMMENT ON COLUMN audit.key_id IS 'The credential that asked; operator where the command line did';

CREATE VIEW last_erasure AS
SELECT max(erased_at) AS erased_at FROM erased_key;
COMMENT ON VIEW last_erasure IS 'Contract with the other services: who reads what was received before then asks the record whether it still stands';
