-- How far a job has come, kept by the transaction that does some of it: up to which seq of the record, or how many of its statements,
-- identities or artefacts; of the artefact after these, up to which statement that builds on it.
ALTER TABLE relink
    ADD COLUMN place bigint NOT NULL DEFAULT 0,
    ADD COLUMN behind uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
