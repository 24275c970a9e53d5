-- name: due
-- Which of the sources $1 have something due, and are asked by no other process than $2. What went well at a time that has not
-- come was asked by a clock that was ahead, as its next time was set by: it is due at once.
SELECT id FROM source
WHERE id = ANY ($1::text[])
  AND NOT EXISTS (SELECT FROM asker WHERE asker.source = id AND claimed_until > clock_timestamp() AND claimed_by <> $2)
  AND (EXISTS (SELECT FROM poll WHERE poll.source = id AND (due <= $3 OR succeeded_at > $3 + interval '1 minute'))
       OR EXISTS (SELECT FROM lookup WHERE lookup.source = id AND state = 'waiting' AND due <= $3))
ORDER BY id

-- name: claim
-- Lets the process $2 alone ask the platform of the source $1 for $3 seconds; returns nothing while another does.
INSERT INTO asker (source, claimed_by, claimed_until)
SELECT id, $2, clock_timestamp() + make_interval(secs => $3) FROM source WHERE id = $1
ON CONFLICT (source) DO UPDATE SET claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
WHERE asker.claimed_until <= clock_timestamp() OR asker.claimed_by = excluded.claimed_by
RETURNING source

-- name: release
-- Ends the claim of the process $2 on the source $1.
DELETE FROM asker WHERE source = $1 AND claimed_by = $2

-- name: begin_polls
-- Knows the polls $2 of the source $1, each due at once where it is new.
INSERT INTO poll (source, name, cursor, due)
SELECT $1, name, '{}', $3 FROM unnest($2::text[]) AS name
ON CONFLICT DO NOTHING

-- name: due_polls
-- Which of the polls $2 of the source $1 are due, also by a clock that was ahead, the longest waiting first.
SELECT name, cursor, failures FROM poll
WHERE source = $1 AND name = ANY ($2::text[]) AND (due <= $3 OR succeeded_at > $3 + interval '1 minute')
ORDER BY due, name

-- name: move_poll
-- Moves a poll on while the process $3 holds its source, and the claim by $7 seconds from now; returns nothing where it does not.
WITH held AS (
    UPDATE asker SET claimed_until = clock_timestamp() + make_interval(secs => $7)
    WHERE source = $1 AND claimed_by = $3
    RETURNING source
)
UPDATE poll
SET cursor = $4, due = $5, failures = 0, last_failure = NULL, succeeded_at = $6
FROM held
WHERE poll.source = held.source AND poll.name = $2
RETURNING poll.name

-- name: go_on_with_poll
-- Moves the cursor of a poll that is under way still, and says nothing of how it goes; else as move_poll ($5 for $7).
WITH held AS (
    UPDATE asker SET claimed_until = clock_timestamp() + make_interval(secs => $5)
    WHERE source = $1 AND claimed_by = $3
    RETURNING source
)
UPDATE poll SET cursor = $4 FROM held WHERE poll.source = held.source AND poll.name = $2
RETURNING poll.name

-- name: fail_poll
-- Lets a poll wait until $3, and says why.
UPDATE poll SET due = $3, failures = failures + 1, last_failure = $4 WHERE source = $1 AND name = $2

-- name: postpone_poll
-- Lets a poll wait until $3, which has not failed.
UPDATE poll SET due = $3 WHERE source = $1 AND name = $2

-- name: notice
-- Keeps what was named, once; of what was given up and is named again, it is tried again. What is named again while it is asked for
-- is due anew: what is answered may have been said before.
INSERT INTO lookup (source, key, reference, noticed, due)
SELECT named.source, named.key, named.reference, named.noticed, named.due
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[]) AS named (source, key, reference, noticed, due)
JOIN source ON source.id = named.source
ORDER BY named.source, named.key
ON CONFLICT (source, key) DO UPDATE SET
    (reference, due, failures, last_failure, state) = (
        SELECT excluded.reference, greatest(lookup.due, excluded.due), lookup.failures, lookup.last_failure, 'waiting'
        WHERE lookup.state = 'waiting' AND lookup.reference = excluded.reference
        UNION ALL
        SELECT excluded.reference, excluded.due, 0, NULL, 'waiting'
        WHERE lookup.state = 'given-up' OR lookup.reference <> excluded.reference
    )

-- name: due_lookups
-- What is to be asked for of the source $1, the longest waiting first, $3 at most.
SELECT key, reference, noticed, due, failures FROM lookup
WHERE source = $1 AND state = 'waiting' AND due <= $2
ORDER BY due, key
LIMIT $3

-- name: settle_lookup
-- Forgets what was asked for, unless it was named again meanwhile.
DELETE FROM lookup WHERE source = $1 AND key = $2 AND reference = $3 AND due = $4

-- name: fail_lookup
-- Lets a lookup wait until $3, or gives it up, and says why.
UPDATE lookup SET due = $3, failures = failures + 1, last_failure = $4, state = $5 WHERE source = $1 AND key = $2

-- name: postpone_lookup
-- Lets a lookup wait until $3, which was not tried, and says why.
UPDATE lookup SET due = $3, last_failure = $4 WHERE source = $1 AND key = $2

-- name: forget_given_up
-- Forgets what was given up of the source $1, but for the last $2.
DELETE FROM lookup
WHERE source = $1 AND state = 'given-up' AND key IN (
    SELECT key FROM lookup WHERE source = $1 AND state = 'given-up' ORDER BY due DESC, key OFFSET $2
)

-- name: standing
-- How the polls and lookups of every source stand that is heard: of one that is paused nothing is asked, and what is to be asked for
-- some day does not wait yet. Asked every second, so each number comes from an index: what failed once has a last_failure.
SELECT source.id AS source,
    (SELECT count(*) FROM lookup WHERE lookup.source = source.id AND state = 'waiting' AND due <= statement_timestamp())
    + (SELECT count(*) FROM lookup WHERE lookup.source = source.id AND state = 'waiting' AND last_failure IS NOT NULL
        AND due > statement_timestamp()) AS waiting,
    (SELECT count(*) FROM lookup WHERE lookup.source = source.id AND state = 'given-up') AS given_up,
    (SELECT max(failures) FROM lookup WHERE lookup.source = source.id AND state = 'waiting' AND last_failure IS NOT NULL)
        AS lookup_failures,
    (SELECT max(failures) FROM poll WHERE poll.source = source.id) AS failures,
    (SELECT last_failure FROM poll WHERE poll.source = source.id AND last_failure IS NOT NULL ORDER BY failures DESC LIMIT 1) AS last_failure,
    (SELECT min(succeeded_at) FROM poll WHERE poll.source = source.id) AS succeeded_at
FROM source
WHERE source.state = 'active'
ORDER BY source.id

-- name: retry_lookups
-- Tries again at $2 what of the source $1 was given up, or was tried in vain; returns how much that is.
WITH tried AS (
    UPDATE lookup SET state = 'waiting', failures = 0, due = $2
    WHERE source = $1 AND (state = 'given-up' OR failures > 0)
    RETURNING key
)
SELECT count(*) FROM tried
