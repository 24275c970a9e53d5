-- name: relax
-- Lets the transaction commit without waiting for the disk: a crash takes its offset back with it, and it is heard again.
SELECT set_config('synchronous_commit', 'off', true)

-- name: statements
-- The statements $1 as the record holds them now; final: voided or redacted, so that less is said than may have been heard before.
SELECT id::text, seq, voided, voided OR redacted_at IS NOT NULL AS final, body FROM statement WHERE id = ANY ($1::uuid[])

-- name: read
-- What holds of the things $1, unlocked.
SELECT uuid_send(key) AS key, leaves FROM definition WHERE key = ANY ($1::uuid[])

-- name: lock
-- Locks what holds of the things $1, in the order of their keys, and inserts $2 where nothing is known yet; returns what it inserted.
-- DO UPDATE WHERE false locks a row and leaves it as it is. A statement of its own: what follows must see what others committed.
INSERT INTO definition (key, leaves)
SELECT key, leaves FROM unnest($1::uuid[], $2::bytea[]) AS said (key, leaves)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE false
RETURNING uuid_send(key) AS key

-- name: write
-- Writes $2 as what holds of the things $1, which are locked.
UPDATE definition d SET leaves = said.leaves
FROM unnest($1::uuid[], $2::bytea[]) AS said (key, leaves)
WHERE d.key = said.key

-- name: drop
-- Deletes the things $1, which are locked, and of which nothing is said any more.
DELETE FROM definition WHERE key = ANY ($1::uuid[])

-- name: mentioning
-- At most $3 statements with a seq below $2 that name the thing $1 themselves, the newest first; the voided say nothing.
-- Each branch walks an index in the order of seq and stops at the limit; 16384 alone: only a statement referred to names it.
SELECT s.seq, s.voided, s.body
FROM (
    (
        SELECT seq FROM statement_mention
        WHERE key = $1::uuid AND direct AND seq < $2 AND usage <> 16384
        ORDER BY seq DESC
        LIMIT $3
    )
    UNION
    (
        SELECT seq FROM statement_mention
        WHERE key = $1::uuid AND NOT direct AND seq < $2 AND usage <> 16384
        ORDER BY seq DESC
        LIMIT $3
    )
) named
JOIN statement s USING (seq)
ORDER BY s.seq DESC
LIMIT $3

-- name: forget
-- Empties what a replay makes again.
TRUNCATE definition
