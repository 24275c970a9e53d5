-- Records that contradict what is known are kept apart: it is their sender's doing, and nothing of ours to mend.
ALTER TABLE dead_letter DROP CONSTRAINT dead_letter_state_check;
ALTER TABLE dead_letter
    ADD CONSTRAINT dead_letter_state_check CHECK (state IN ('waiting', 'quarantined', 'replayed', 'discarded'));
UPDATE dead_letter SET state = 'quarantined' WHERE state = 'waiting' AND reason LIKE 'conflict: %';
COMMENT ON COLUMN dead_letter.state IS
    'waiting: could not be used; quarantined: contradicts what is known; replayed or discarded: what an operator made of it';
