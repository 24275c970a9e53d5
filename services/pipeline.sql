-- name: place
-- How far a group ($1) has read each partition of a topic ($2), and, of the same moment, how much its schema still has to say, up to
-- the row $3 of its outbox.
SELECT
    coalesce((SELECT jsonb_object_agg(partition, next_offset) FROM consumer_offset WHERE group_name = $1 AND topic = $2), '{}')::text
        AS offsets,
    (SELECT count(*) FROM outbox WHERE id <= $3) AS outbox

-- name: youngest_row
-- The last row that waits to be said; what was committed before it was read has no later one.
SELECT coalesce(max(id), 0) FROM outbox

-- name: relinks
-- How many jobs of relinking imports and batches have left, and how far those have come that were begun.
SELECT
    count(*) AS jobs,
    coalesce(
        string_agg(format('%s %s %s', id, place, behind), ',' ORDER BY id)
            FILTER (WHERE place > 0 OR behind <> '00000000-0000-0000-0000-000000000000'),
        ''
    ) AS places
FROM relink
