-- Which statement had the text before that an artefact repeats, of the statements that made one; see domain/wording.py.
ALTER TABLE interaction ADD COLUMN copy_of uuid;
CREATE INDEX interaction_copy_of ON interaction (copy_of) WHERE copy_of IS NOT NULL;

-- What the texts of artefacts are like: signatures, of which no text can be read. A statement that is voided or redacted has none.
CREATE TABLE wording (
    statement_id uuid PRIMARY KEY REFERENCES interaction (statement_id) ON DELETE CASCADE,
    object text NOT NULL,
    happened timestamptz NOT NULL,
    signature bytea NOT NULL,
    bands bigint[] NOT NULL
);
CREATE INDEX wording_object ON wording (object);

-- Texts that are alike have a band in common; in each, the first are found first.
CREATE TABLE wording_band (
    band bigint NOT NULL,
    happened timestamptz NOT NULL,
    statement_id uuid NOT NULL,
    PRIMARY KEY (band, happened, statement_id)
);
