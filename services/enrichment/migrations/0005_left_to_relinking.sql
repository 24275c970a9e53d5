-- Statements that a batch leaves to be linked anew, since they are too many for its own transaction; NULL: identities say which.
ALTER TABLE relink ADD COLUMN statements uuid[];
