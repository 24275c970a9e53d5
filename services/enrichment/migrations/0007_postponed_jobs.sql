-- A job that meets a bug is postponed, later and later, and the others go on: how often in a row, over what, and until when.
ALTER TABLE relink
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN last_failure text,
    ADD COLUMN retry_at timestamptz;
