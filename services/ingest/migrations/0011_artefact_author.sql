-- Whose something is, is asked for with each account that is deleted, and servers of the Fediverse tell of everybody's.
CREATE INDEX artefact_author ON artefact (source, author) WHERE author IS NOT NULL;
