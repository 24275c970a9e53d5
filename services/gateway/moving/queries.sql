-- name: last_seq
-- The seq of the last statement, 0 where there is none.
SELECT coalesce(max(seq), 0) FROM statement

-- name: lot
-- The record from behind seq $1 up to $2, in order: at most $3 statements, and of these what $4 bytes hold, but one at least. Those of the
-- source $5, where one is given, with those that void them; that mention every key of $6, or refer to one that does. With each stands
-- how many were found before the bytes were counted (found).
-- Whether a statement is void is what the record said at seq $7.
SELECT
    seq,
    id::text,
    body,
    redacted_at,
    found,
    EXISTS (
        SELECT
        FROM statement_reference r
        WHERE voided AND r.target = weighed.id AND r.voids AND r.seq <= $7
    ) AS voided
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place, count(*) OVER () AS found
    FROM (
        SELECT s.seq, s.id, s.body, s.redacted_at, s.voided
        FROM statement s
        WHERE s.seq > $1 AND s.seq <= $2
          AND (
              $5::text IS NULL
              OR s.source = $5
              OR EXISTS (
                  SELECT
                  FROM statement_reference r
                  JOIN statement t ON t.id = r.target AND t.source = $5
                  WHERE r.seq = s.seq AND r.voids
              )
          )
          AND NOT EXISTS (
              SELECT
              FROM unnest($6::uuid[]) AS wanted (key)
              WHERE NOT EXISTS (SELECT FROM statement_mention m WHERE m.key = wanted.key AND m.direct AND m.seq = s.seq)
          )
        ORDER BY s.seq
        LIMIT $3
    ) page
) weighed
WHERE bytes <= $4 OR place = 1
ORDER BY seq
