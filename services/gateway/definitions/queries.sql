-- name: lock
-- Holds every other writer of definitions off until the transaction ends; a statement of its own, so that what is read next is read
-- after it. The commit does not wait for the disk: a crash takes the offset back with it, and all is heard again.
SELECT pg_advisory_xact_lock(hashtextextended('symposia definitions', 0)), set_config('synchronous_commit', 'off', true)

-- name: statements
-- The statements $1 as the record holds them now, the newest first; taken back: voided or redacted, so that they say less than
-- before. Silent: voided, or sent by who may not define, so that they say nothing of what they name.
SELECT id::text, seq, voided OR NOT defines AS silent, voided OR redacted_at IS NOT NULL AS taken_back, body
FROM statement
WHERE id = ANY ($1::uuid[])
ORDER BY seq DESC

-- name: read
-- What is known of the activities $1.
SELECT uuid_send(key) AS key, leaves FROM definition WHERE key = ANY ($1::uuid[])

-- name: write
-- Writes $2 as what is known of the activities $1.
INSERT INTO definition (key, leaves)
SELECT key, leaves FROM unnest($1::uuid[], $2::bytea[]) AS said (key, leaves)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET leaves = excluded.leaves

-- name: drop
-- Deletes the activities $1, of which nothing is said any more.
DELETE FROM definition WHERE key = ANY ($1::uuid[])

-- name: mentioning
-- At most $3 statements with a seq below $2 that name the activity or agent $1 themselves, the newest first: as many as $4 bytes hold,
-- and the one that they do not. The silent say nothing.
-- Each branch walks an index in the order of seq and stops at the limit; 16384 alone: only a statement referred to names it.
SELECT seq, silent, body
FROM (
    SELECT *, coalesce(sum(octet_length(body)) OVER (ORDER BY seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM (
        SELECT s.seq, s.voided OR NOT s.defines AS silent, s.body
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
    ) newest
) weighed
WHERE before < $4
ORDER BY seq DESC

-- name: forget
-- Empties what a replay makes again.
TRUNCATE definition
