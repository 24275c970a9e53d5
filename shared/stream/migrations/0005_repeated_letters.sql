-- What says again what is in quarantine already is counted there: a sender that never gives up must not fill the table.
ALTER TABLE dead_letter
    ADD COLUMN digest bytea,
    ADD COLUMN times bigint NOT NULL DEFAULT 1,
    ADD COLUMN last_seen timestamptz;
CREATE INDEX dead_letter_digest ON dead_letter (digest) WHERE state = 'quarantined';
COMMENT ON COLUMN dead_letter.digest IS 'by which a record that says the same is known; NULL where each is a letter of its own';
COMMENT ON COLUMN dead_letter.times IS 'how many records said so until the letter was settled: this one, and those that were not kept beside it';
COMMENT ON COLUMN dead_letter.last_seen IS 'when the last of those came; NULL where none did';
