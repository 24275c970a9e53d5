-- What waits for the log waits for milliseconds: to compress it costs more than it saves.
ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL;
