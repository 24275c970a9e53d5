-- The whole record is linked anew, after courses were imported, in its order: without this, each page of it reads all of it.
CREATE INDEX interaction_seq ON interaction (seq);
