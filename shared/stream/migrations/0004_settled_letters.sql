-- A dead letter that is settled holds nothing any more (\x90: no headers): where it was, why, when, and what became of it is enough.
UPDATE dead_letter SET key = NULL, value = ''::bytea, headers = '\x90'::bytea WHERE state IN ('replayed', 'discarded');
COMMENT ON COLUMN dead_letter.value IS 'what could not be used; empty once the letter is settled';
