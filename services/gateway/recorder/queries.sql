-- name: lock
-- Holds every other recorder off until the transaction ends; a statement of its own, so that what is read next is read after it.
SELECT pg_advisory_xact_lock(hashtextextended('symposia record', 0))

-- name: read
-- Under the lock: the last seq, the time that the next stored has to pass, and what the record holds of the ids ($1) and of the
-- sources ($2) and activity keys ($3), pair by pair, that are coming; and who was erased since $4, when the oldest was received. With
-- the digest of an id stands its source where the record keeps it without its text.
SELECT
    coalesce((SELECT max(seq) FROM statement), 0) AS seq,
    greatest(clock_timestamp(), (SELECT consistent_through FROM clock), (SELECT max(stored) FROM statement)) AS stored,
    ARRAY(
        SELECT ROW (id::text, digest, CASE WHEN redacted_at IS NOT NULL AND NOT names_only THEN source END)
        FROM statement
        WHERE id = ANY ($1::uuid[])
    ) AS digests,
    ARRAY(
        SELECT ROW (target::text, bool_or(voids)) FROM statement_reference WHERE target = ANY ($1::uuid[]) GROUP BY target
    ) AS referrers,
    ARRAY(
        SELECT ROW (r.source, uuid_send(r.activity_key), r.at)
        FROM unnest($2::text[], $3::uuid[]) AS coming (source, activity_key)
        JOIN redaction r USING (source, activity_key)
    ) AS redactions,
    ARRAY(SELECT ROW (digest, erased_at) FROM erased_key WHERE erased_at >= $4) AS erased

-- name: void
-- Voids the statements $1 that are there, are not void yet and void nothing themselves; returns those.
UPDATE statement s
SET voided = true
WHERE id = ANY ($1::uuid[])
  AND NOT voided
  AND NOT EXISTS (SELECT FROM statement_reference r WHERE r.seq = s.seq AND r.voids)
RETURNING seq, id::text, stored, received_at, source, voided, redacted_at, body, names_only

-- name: keep_redactions
-- Keeps for the sources ($1) and activity keys ($2) that their text was deleted at $3, or earlier if that is known.
INSERT INTO redaction AS r (source, activity_key, at)
SELECT source, activity_key, at FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS news (source, activity_key, at)
ON CONFLICT (activity_key, source) DO UPDATE SET at = least(r.at, excluded.at)

-- name: redact_letter
-- Overwrites what the dead letter $1 holds with $2; of what could not be read why ($3), too, since that may repeat it.
UPDATE dead_letter SET value = $2, reason = CASE WHEN state = 'quarantined' THEN reason ELSE $3 END WHERE id = $1

-- name: gone
-- What is gone of that of which a record may tell that cannot be read: of the sources ($1), in which also other texts stand, and the
-- activity keys ($2) what was redacted, of the sources and the statements ($3) what is kept without its text; and whether anybody was
-- erased for whom one of the digests $4 stands.
SELECT
    ARRAY(
        SELECT ROW (source, uuid_send(activity_key)) FROM redaction WHERE activity_key = ANY ($2::uuid[]) AND source = ANY ($1::text[])
    ) AS activities,
    ARRAY(
        SELECT ROW (source, id::text) FROM statement
        WHERE id = ANY ($3::uuid[]) AND source = ANY ($1::text[]) AND redacted_at IS NOT NULL AND NOT names_only
    ) AS statements,
    EXISTS (SELECT FROM erased_key WHERE digest = ANY ($4::bytea[])) AS erased

-- name: to_redact
-- The statements of the sources ($1) whose object is the activity ($2), unless they brought that news or were redacted before $3; without
-- their bodies: of what everybody applauded there are more than anybody's memory holds, or one statement reads in its time.
SELECT s.seq, min(news.at) AS at
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS news (source, activity_key, at)
JOIN statement_mention m ON m.key = news.activity_key AND m.direct AND m.usage & 8 <> 0
JOIN statement s ON s.seq = m.seq AND s.source = news.source
WHERE NOT s.redacts AND (s.redacted_at IS NULL OR s.redacted_at > news.at OR s.names_only)
GROUP BY s.seq
ORDER BY s.seq

-- name: redact
-- Overwrites the bodies of the statements $1 with $2, redacted at $3; returns the statements.
UPDATE statement s
SET body = redacted.body, redacted_at = least(s.redacted_at, redacted.at), names_only = false
FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[]) AS redacted (seq, body, at)
WHERE s.seq = redacted.seq
RETURNING s.seq, s.id::text, s.stored, s.received_at, s.source, s.voided, s.redacted_at, s.body, s.names_only

-- name: forget_reasons
-- Forgets why other LRSs refused the statements $1: they may have repeated what stood there.
UPDATE forwarding_letter SET reason = 'redacted' WHERE seq = ANY ($1::bigint[])

-- name: mark
-- Notes of the statements $1, which came without people who were erased before, when that was ($2) and what else went ($3: nothing).
UPDATE statement s
SET redacted_at = least(s.redacted_at, marked.at), names_only = marked.names_only AND s.redacted_at IS NULL
FROM unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) AS marked (id, at, names_only)
WHERE s.id = marked.id
RETURNING s.seq, s.id::text, s.stored, s.received_at, s.source, s.voided, s.redacted_at, s.body, s.names_only

-- name: reach
-- For the statements $1, those that refer to the ids $2, and all that refer to these: the statements that each refers to, directly or
-- through others, eight steps at most. Rings are harmless.
WITH RECURSIVE referrer (seq, step) AS (
    SELECT seq, 1 FROM statement_reference WHERE seq = ANY ($1::bigint[]) OR target = ANY ($2::uuid[])
    UNION
    SELECT r.seq, step + 1
    FROM referrer
    JOIN statement s ON s.seq = referrer.seq
    JOIN statement_reference r ON r.target = s.id
    WHERE step < 8
),
reach (seq, target, step) AS (
    SELECT r.seq, t.seq, 1
    FROM (SELECT DISTINCT seq FROM referrer) affected
    JOIN statement_reference r ON r.seq = affected.seq
    JOIN statement t ON t.id = r.target
    UNION
    SELECT reach.seq, t.seq, step + 1
    FROM reach
    JOIN statement_reference r ON r.seq = reach.target
    JOIN statement t ON t.id = r.target
    WHERE step < 8
)
SELECT DISTINCT seq, target FROM reach

-- name: bodies
-- The bodies of those of the statements $1 that are behind seq $2, in order: what $3 bytes hold, but one at least.
SELECT seq, body
FROM (
    SELECT seq, body, sum(octet_length(body)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place
    FROM statement
    WHERE seq = ANY ($1::bigint[]) AND seq > $2
) weighed
WHERE bytes <= $3 OR place = 1
ORDER BY seq

-- name: inherit
-- Lets the statements ($2) be found by the keys ($1) too, unless they are already.
INSERT INTO statement_mention (key, seq, usage, direct)
SELECT key, seq, usage, direct
FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::boolean[]) AS referred (key, seq, usage, direct)
ON CONFLICT (key, direct, seq) DO NOTHING

-- name: raise_consistent_through
-- Raises Consistent-Through to now, unless a recorder holds its lock: then it stays at what was committed. Returns it.
WITH raised AS (
    UPDATE clock
    SET consistent_through = greatest(consistent_through, clock_timestamp())
    WHERE pg_try_advisory_xact_lock(hashtextextended('symposia record', 0))
    RETURNING consistent_through
)
SELECT greatest(
    (SELECT consistent_through FROM raised),
    (SELECT consistent_through FROM clock),
    (SELECT max(stored) FROM statement)
)

-- name: replay
-- The record from behind seq $1, in order: at most $2 statements, and of these what $3 bytes hold, but one at least.
SELECT seq, id::text, stored, received_at, source, voided, redacted_at, body, names_only
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place
    FROM (SELECT * FROM recorded_statement WHERE seq > $1 ORDER BY seq LIMIT $2) page
) weighed
WHERE bytes <= $3 OR place = 1
ORDER BY seq
