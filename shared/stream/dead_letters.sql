-- name: list_letters
-- Dead letters in a state, in the order of their ids; what they hold is left out, because it may be large.
SELECT id, group_name, topic, partition, "offset", reason, attempts, octet_length(value) AS size, appended_at, first_seen, state
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
    key, value, headers
FROM dead_letter
WHERE id = $1

-- name: letters_behind
-- The dead letters behind an id that hold something still, a few at a time.
SELECT id, value, reason FROM dead_letter WHERE id > $1 AND value <> ''::bytea ORDER BY id LIMIT 50

-- name: empty_letters
-- Empty dead letters for good, whatever became of them before.
UPDATE dead_letter
SET value = ''::bytea, reason = 'erased', state = 'discarded', settled_at = coalesce(settled_at, now())
WHERE id = ANY($1::bigint[])

-- name: settle_letter
-- Say what became of a dead letter that waits or is quarantined; no row where it is settled already.
UPDATE dead_letter SET state = $2, settled_at = now() WHERE id = $1 AND state IN ('waiting', 'quarantined') RETURNING id
