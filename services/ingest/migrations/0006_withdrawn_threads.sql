-- A thread that was taken back whole with what began it: what of it is heard only later is redacted, too.
CREATE TABLE withdrawn_thread (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    root text NOT NULL,
    PRIMARY KEY (source, root)
);
