-- name: open_place
-- Commit an offset row at 0 unless there is one: FOR UPDATE locks nothing where no row is.
INSERT INTO consumer_offset (group_name, topic, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: claim_place
-- Lock the offset row until the transaction ends, and read it; no row where it is gone.
SELECT next_offset, last_digest FROM consumer_offset WHERE group_name = $1 AND topic = $2 AND partition = $3 FOR UPDATE

-- name: advance_place
-- Move the offset row; the row is returned, so that a row that is gone is noticed.
UPDATE consumer_offset SET next_offset = $4, last_digest = $5 WHERE group_name = $1 AND topic = $2 AND partition = $3
RETURNING next_offset

-- name: settle_place
-- Move the offset row, keep what the batch said ($7), if anything, in one row of its owner's outbox, and tell those who LISTEN on $8,
-- if on anything, once this has committed. No offset is returned where the offset row is gone.
WITH moved AS (
    UPDATE consumer_offset SET next_offset = $4, last_digest = $5 WHERE group_name = $1 AND topic = $2 AND partition = $3
    RETURNING next_offset
), said AS (
    INSERT INTO outbox (owner, records) SELECT $6, $7 WHERE $7::bytea IS NOT NULL RETURNING id
)
SELECT (SELECT next_offset FROM moved), (SELECT id FROM said) AS row,
    CASE WHEN $8::text IS NOT NULL THEN pg_notify($8, $9::text) END

-- name: store_row
-- Keep what a batch said in one row of its owner's outbox.
INSERT INTO outbox (owner, records) VALUES ($1, $2) RETURNING id

-- name: waiting_rows
-- The oldest rows of an owner, in the order in which they are to be published; few, because a row may be large.
SELECT id, records FROM outbox WHERE owner = $1 ORDER BY id LIMIT 16

-- name: delete_rows
-- Forget rows that the log acknowledged; harmless where somebody else already did. Nobody waits for the disk: where a crash of
-- the server brings a row back, it is published once more, as after a crash before this statement.
WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM outbox USING unhurried WHERE id = ANY ($1::bigint[])

-- name: set_letter_aside
-- Take its place from a dead letter of a record that was appended at another time: its log is no more, or was cut there. It is kept,
-- below 0, where no log has a record.
UPDATE dead_letter SET "offset" = -id
WHERE group_name = $1 AND topic = $2 AND partition = $3 AND "offset" = $4 AND appended_at <> to_timestamp($5::bigint / 1000.0)

-- name: bury_letter
-- Keep a record that was refused. One that says what is in quarantine already ($12) is counted there instead, once, however often it is
-- read; one that was refused before, at the same place, counts its attempts up and waits again. What is settled as it is buried says no
-- more what others do. Those who may say the same at once take turns: a lock is theirs.
WITH said_before AS (
    SELECT id FROM dead_letter WHERE digest = $12::bytea AND state = 'quarantined' AND group_name = $1 AND topic = $2
), counted AS (
    UPDATE dead_letter SET times = times + 1, last_seen = now(), counted[$3 + 1] = $4
    WHERE id IN (SELECT id FROM said_before) AND $4 > coalesce(counted[$3 + 1], -1)
)
INSERT INTO dead_letter (
    group_name, topic, partition, "offset", reason, attempts, key, value, headers, appended_at, state, settled_at, digest, counted[$3 + 1]
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10::bigint / 1000.0), $11, CASE WHEN $11 = 'discarded' THEN now() END,
    CASE WHEN $11 <> 'discarded' THEN $12 END, $4
WHERE NOT EXISTS (SELECT FROM said_before)
ON CONFLICT (group_name, topic, partition, "offset") DO UPDATE SET
    reason = excluded.reason,
    attempts = dead_letter.attempts + excluded.attempts,
    key = excluded.key,
    value = excluded.value,
    headers = excluded.headers,
    appended_at = excluded.appended_at,
    state = excluded.state,
    settled_at = excluded.settled_at,
    digest = excluded.digest,
    counted = excluded.counted,
    times = excluded.times,
    last_seen = NULL
