-- What was said in something that holds it, where the root by which it is known is another: it goes with the former, too.
CREATE TABLE part (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    root text NOT NULL,
    iri text NOT NULL,
    happened timestamptz,
    PRIMARY KEY (source, root, iri)
);
