-- What is read again from the log has come once: a letter remembers of each partition up to which offset it counted what says the same.
ALTER TABLE dead_letter ADD COLUMN counted bigint[];
UPDATE dead_letter SET counted[partition + 1] = "offset" WHERE digest IS NOT NULL;
COMMENT ON COLUMN dead_letter.counted IS 'the last offset that times counts, of partition 0 first; NULL where none of that partition said so';
