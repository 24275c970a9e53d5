-- name: add
-- Adds a target, unless the name is taken; it starts behind the last statement that was stored before $14, or now where that is null.
INSERT INTO forwarding_target (
    name, endpoint, version, sealed_authentication, private_network,
    sources, except_sources, authorities, verbs, activities, home_pages, state, created_at, cursor
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE
    WHEN $14::timestamptz IS NULL THEN coalesce((SELECT max(seq) FROM statement), 0)
    ELSE coalesce((SELECT seq FROM statement WHERE stored < $14 ORDER BY stored DESC LIMIT 1), 0)
END
ON CONFLICT (name) DO NOTHING
RETURNING name

-- name: set_state
-- Runs or pauses a target; what it failed at before is forgotten, so that it is tried at once.
UPDATE forwarding_target
SET state = $2, failures = 0, refusals = 0, last_failure = NULL, retry_at = NULL
WHERE name = $1
RETURNING name

-- name: reseal
-- Gives a target other secrets, sealed; it is tried at once.
UPDATE forwarding_target SET sealed_authentication = $2, retry_at = NULL WHERE name = $1 RETURNING name

-- name: remove
-- Removes a target and its letters.
DELETE FROM forwarding_target WHERE name = $1 RETURNING name

-- name: rewind
-- Sends once more what was stored from $2 on; a cursor that stands before it stays. Returns how many statements wait then.
UPDATE forwarding_target
SET cursor = least(cursor, coalesce((SELECT seq FROM statement WHERE stored < $2 ORDER BY stored DESC LIMIT 1), 0)),
    retry_at = NULL
WHERE name = $1
RETURNING coalesce((SELECT max(seq) FROM statement), 0) - cursor

-- name: resend_letters
-- Lets the letters of the target $1 go once more.
UPDATE forwarding_letter SET waiting = true WHERE target = $1

-- name: letters
-- The letters of the target $1, the oldest statements first, $2 at most; what the target said of a redacted one is not told.
SELECT l.seq, s.id::text, l.at, l.status, CASE WHEN s.redacted_at IS NULL THEN l.reason ELSE 'redacted' END AS reason, l.waiting
FROM forwarding_letter l
JOIN statement s USING (seq)
WHERE l.target = $1
ORDER BY l.seq
LIMIT $2

-- name: standings
-- How every target stands, and whether the process $1 may send it something now.
SELECT name, endpoint, version, state, last_forwarded_at, lag, failures, last_failure, retry_at, letters, waiting,
    coalesce(extract(epoch FROM clock_timestamp() - oldest), 0)::float8 AS lag_seconds,
    state = 'running'
        AND (lag > 0 OR waiting > 0)
        AND (retry_at IS NULL OR retry_at <= clock_timestamp())
        AND (claimed_until IS NULL OR claimed_until <= clock_timestamp() OR claimed_by = $1) AS due
FROM (
    SELECT t.*,
        coalesce((SELECT max(seq) FROM statement), 0) - t.cursor AS lag,
        (SELECT stored FROM statement s WHERE s.seq = t.cursor + 1) AS oldest,
        l.letters, l.waiting
    FROM forwarding_target t
    CROSS JOIN LATERAL (
        SELECT count(*) AS letters, count(*) FILTER (WHERE waiting) AS waiting FROM forwarding_letter WHERE target = t.name
    ) l
) standing
ORDER BY name

-- name: claim
-- Lets the process $2 alone send to the target $1 for $3 seconds, where it runs, is not to be left alone yet, and is not another's.
UPDATE forwarding_target
SET claimed_by = $2, claimed_until = clock_timestamp() + make_interval(secs => $3)
WHERE name = $1
  AND state = 'running'
  AND (retry_at IS NULL OR retry_at <= clock_timestamp())
  AND (claimed_until IS NULL OR claimed_until <= clock_timestamp() OR claimed_by = $2)
RETURNING name, endpoint, version, sealed_authentication, private_network, sources, except_sources, authorities, verbs, activities,
    home_pages, cursor, failures

-- name: find
-- The target $1, as a sender has it.
SELECT name, endpoint, version, sealed_authentication, private_network, sources, except_sources, authorities, verbs, activities,
    home_pages, cursor, failures
FROM forwarding_target
WHERE name = $1

-- name: release
-- Ends the claim of the process $2 on the target $1.
UPDATE forwarding_target SET claimed_by = NULL, claimed_until = NULL WHERE name = $1 AND claimed_by = $2

-- name: advance
-- Moves the cursor of the target $1 from $3 to $4 while the process $2 holds it, and the claim by $5 seconds from now: $6 were taken
-- there (and are no letters any more), $7 refused since. Returns how many were refused in a row, or nothing where somebody moved the
-- cursor or took the target meanwhile.
WITH moved AS (
    UPDATE forwarding_target
    SET cursor = $4,
        claimed_until = clock_timestamp() + make_interval(secs => $5),
        last_forwarded_at = CASE WHEN cardinality($6::bigint[]) > 0 THEN clock_timestamp() ELSE last_forwarded_at END,
        failures = 0,
        last_failure = NULL,
        refusals = CASE WHEN cardinality($6::bigint[]) > 0 THEN 0 ELSE refusals END + $7
    WHERE name = $1 AND claimed_by = $2 AND cursor = $3
    RETURNING refusals
),
delivered AS (
    DELETE FROM forwarding_letter WHERE target = $1 AND seq = ANY ($6::bigint[]) AND EXISTS (SELECT FROM moved)
)
SELECT refusals FROM moved

-- name: flooded
-- Pauses the target $1, and says why ($2).
UPDATE forwarding_target SET state = 'paused', last_failure = $2 WHERE name = $1

-- name: refuse
-- Keeps that the target $1, if it is still there, refused the statements $2 with the statuses $3 for the reasons $4; not what it said of
-- one that was redacted while it was on its way: whoever redacts waits for this, or this for them.
WITH as_it_is AS (
    SELECT seq, redacted_at FROM statement WHERE seq = ANY ($2::bigint[]) ORDER BY seq FOR SHARE
)
INSERT INTO forwarding_letter (target, seq, status, reason, at)
SELECT $1, seq, status, CASE WHEN redacted_at IS NULL THEN reason ELSE 'redacted' END, clock_timestamp()
FROM unnest($2::bigint[], $3::smallint[], $4::text[]) AS refused (seq, status, reason)
JOIN as_it_is USING (seq)
WHERE EXISTS (SELECT FROM forwarding_target WHERE name = $1 FOR KEY SHARE)
ON CONFLICT (target, seq) DO UPDATE SET status = excluded.status, reason = excluded.reason, at = excluded.at, waiting = false

-- name: deliver
-- Forgets the letters of the target $1 about the statements $2, which it has now.
DELETE FROM forwarding_letter WHERE target = $1 AND seq = ANY ($2::bigint[])

-- name: fail
-- Keeps why the target $1 could not be reached by the process $2; it is left alone for $4 seconds.
UPDATE forwarding_target
SET failures = failures + 1, last_failure = $3, retry_at = clock_timestamp() + make_interval(secs => $4),
    claimed_by = NULL, claimed_until = NULL
WHERE name = $1 AND claimed_by = $2

-- name: page
-- The record from behind seq $1, in order: at most $2 statements, and of these what $3 bytes hold, but one at least.
SELECT seq, id::text, source, authority, redacted_at IS NOT NULL AS redacted, body
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place
    FROM (SELECT * FROM statement WHERE seq > $1 ORDER BY seq LIMIT $2) page
) weighed
WHERE bytes <= $3 OR place = 1
ORDER BY seq

-- name: waiting
-- The first $2 statements whose letters are to go to the target $1 once more.
SELECT s.seq, s.id::text, s.source, s.authority, s.redacted_at IS NOT NULL AS redacted, s.body
FROM forwarding_letter l
JOIN statement s USING (seq)
WHERE l.target = $1 AND l.waiting
ORDER BY l.seq
LIMIT $2

-- name: by_ids
-- The statements $1 that are recorded.
SELECT seq, id::text, source, authority, redacted_at IS NOT NULL AS redacted, body FROM statement WHERE id = ANY ($1::uuid[])
