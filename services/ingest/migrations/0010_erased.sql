-- Accounts of people who were erased, by digests under a key of the master key (services/ingest/forgotten.py): what was heard before,
-- and is told later, is told without them. A source that was removed meanwhile may be added again, so it is not referred to.
CREATE TABLE erased (
    source text NOT NULL,
    account bytea NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (source, account)
);
CREATE INDEX erased_erased_at ON erased (erased_at);
