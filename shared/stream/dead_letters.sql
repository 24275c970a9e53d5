-- name: list_letters
-- Dead letters in a state, in the order of their ids; what they hold is left out, because it may be large.
SELECT id, group_name, topic, partition, "offset", reason, attempts, octet_length(value) AS size, appended_at, first_seen, state,
    times, coalesce(last_seen, first_seen) AS last_seen
FROM dead_letter
WHERE state = $1 AND id > $2
ORDER BY id
LIMIT $3

-- name: count_letters
-- How many dead letters there are in each state.
SELECT state, count(*) AS letters FROM dead_letter GROUP BY state

-- name: show_letter
-- One dead letter with what it holds.
SELECT id, group_name, topic, partition, "offset", reason, attempts, octet_length(value) AS size, appended_at, first_seen, state,
    times, coalesce(last_seen, first_seen) AS last_seen, key, value, headers
FROM dead_letter
WHERE id = $1

-- name: letters_behind
-- The dead letters behind an id that may tell of somebody still, a few at a time: by what they hold, or by why they are dead.
SELECT id, key, value, reason FROM dead_letter
WHERE id > $1 AND (value <> ''::bytea OR reason NOT IN ('erased', 'redacted'))
ORDER BY id
LIMIT 50

-- name: letters_naming
-- Of the next $5 dead letters behind the id $1 that hold anything, what $4 bytes hold, but one at least: their values where $2 stands in
-- them, and one of $3 if anything is asked for there. A page at a time, so that no number of letters is more than one statement reads.
SELECT id, CASE
    WHEN position($2::bytea IN value) > 0
     AND (cardinality($3::bytea[]) = 0 OR EXISTS (SELECT FROM unnest($3::bytea[]) AS sought (text) WHERE position(sought.text IN value) > 0))
    THEN value
END AS value
FROM (
    SELECT id, value, sum(octet_length(value)) OVER (ORDER BY id) AS bytes, row_number() OVER (ORDER BY id) AS place
    FROM (SELECT id, value FROM dead_letter WHERE id > $1 AND value <> ''::bytea ORDER BY id LIMIT $5) AS next
) AS weighed
WHERE bytes <= $4 OR place = 1
ORDER BY id

-- name: empty_letters
-- Empty the dead letters $1 for good, because of $2, and their reasons; what became of them before stays.
UPDATE dead_letter
SET key = NULL, value = ''::bytea, headers = '\x90'::bytea, digest = NULL, reason = $2,
    state = CASE WHEN settled_at IS NULL THEN 'discarded' ELSE state END, settled_at = coalesce(settled_at, now())
WHERE id = ANY($1::bigint[])

-- name: leave_alone
-- Let the unsettled dead letter $1 count no more that say the same: they are letters of their own from now on.
UPDATE dead_letter SET digest = NULL WHERE id = $1 AND state IN ('waiting', 'quarantined')

-- name: settle_letter
-- Say what became of a dead letter that waits or is quarantined, and keep no more of it than where it was, why and when (\x90: no
-- headers); no row where it is settled already.
UPDATE dead_letter SET state = $2, settled_at = now(), key = NULL, value = ''::bytea, headers = '\x90'::bytea, digest = NULL
WHERE id = $1 AND state IN ('waiting', 'quarantined')
RETURNING id

-- name: forget_letters
-- Forget of the dead letters that were settled before $1 the first $2; how many.
WITH forgotten AS (
    DELETE FROM dead_letter
    WHERE id IN (SELECT id FROM dead_letter WHERE state IN ('replayed', 'discarded') AND settled_at < $1 ORDER BY id LIMIT $2)
    RETURNING id
)
SELECT count(*) FROM forgotten
