-- What names a part that holds something itself, or nothing: what was said in that goes with it.
ALTER TABLE part ADD COLUMN native text NOT NULL DEFAULT '';
