-- The octets of attachments, each once, and which statement they came with.

CREATE TABLE attachment (
    sha256     bytea       PRIMARY KEY,
    length     bigint      NOT NULL,
    claimed_at timestamptz NOT NULL,
    content    bytea       NOT NULL
);
ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE attachment IS 'Octets of attachments, whoever sent them. Written before the statement is passed on; what no use is left of is swept';
COMMENT ON COLUMN attachment.claimed_at IS 'When a request last came with these octets, by the door''s clock';
COMMENT ON COLUMN attachment.content IS 'Not compressed, so that a piece of it is read without the rest';

CREATE TABLE attachment_use (
    statement  uuid        NOT NULL,
    sha2       bytea       NOT NULL,
    attachment bytea       NOT NULL REFERENCES attachment,
    noted_at   timestamptz NOT NULL,
    settled    boolean     NOT NULL,
    PRIMARY KEY (statement, sha2)
);
CREATE INDEX attachment_use_attachment ON attachment_use (attachment);
CREATE INDEX attachment_use_unsettled ON attachment_use (noted_at) WHERE NOT settled;
COMMENT ON TABLE attachment_use IS 'Octets came with a statement of this id; the statement may come into the record later, or never, or with other content';
COMMENT ON COLUMN attachment_use.sha2 IS 'As the statement declares it: SHA-224, SHA-256, SHA-384 or SHA-512';
COMMENT ON COLUMN attachment_use.noted_at IS 'When the request was received last, by the door''s clock';
COMMENT ON COLUMN attachment_use.settled IS 'The statement was seen in the record, declaring this hash; what is not within a day is swept';
