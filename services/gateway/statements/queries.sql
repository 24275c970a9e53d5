-- name: one
-- The statement $1, among the voided ($2) or among the others; by the authority $3 alone, where that is given.
SELECT body FROM statement WHERE id = $1 AND voided = $2 AND ($3::text IS NULL OR authority = $3)

-- name: digests
-- The digests of those of the statements $1 that are recorded.
SELECT id, digest FROM statement WHERE id = ANY ($1::uuid[])

-- name: bounds
-- Since ($1, exclusive) and until ($2, inclusive) as a range of seq: what it starts behind and ends with.
SELECT
    coalesce((SELECT seq FROM statement WHERE stored <= $1 ORDER BY stored DESC LIMIT 1), 0) AS behind,
    CASE
        WHEN $2::timestamptz IS NULL THEN 9223372036854775807
        ELSE coalesce((SELECT seq FROM statement WHERE stored <= $2 ORDER BY stored DESC LIMIT 1), 0)
    END AS last

-- name: rarest_first
-- The places (from 1 on) of the keys $1 in the order of how many statements mention them, directly or, where $2 says so, in any way;
-- beyond $3 statements they count as equal, and keep their order: they are common. With each stands the last seq of the record.
SELECT place, mentions >= $3 AS common, coalesce((SELECT max(seq) FROM statement), 0) AS newest
FROM (
    SELECT
        place,
        (
            SELECT count(*)
            FROM (
                SELECT
                FROM statement_mention m
                WHERE m.key = wanted.key AND m.direct = ANY (CASE WHEN wanted.related THEN '{true,false}'::boolean[] ELSE '{true}' END)
                LIMIT $3
            ) mentioned
        ) AS mentions
    FROM unnest($1::uuid[], $2::boolean[]) WITH ORDINALITY AS wanted (key, related, place)
) counted
ORDER BY mentions, place

-- A page has the bytes of short statements alone (32 KiB at most), and null in the place of longer ones: of a thousand of these, which
-- any sender may write, nobody's memory holds a page. `long` reads as many of them as it does hold.

-- name: long
-- The statements with the seqs $1, in that order: as many as $2 bytes hold, and the one that they do not.
SELECT seq, body
FROM (
    SELECT seq, body, coalesce(sum(octet_length(body)) OVER (ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (seq, place)
    JOIN statement USING (seq)
) weighed
WHERE before < $2

-- name: all_ascending
-- At most $3 statements with a seq above $1, up to $2, the oldest first.
SELECT seq, CASE WHEN octet_length(body) <= 32768 THEN body END AS body
FROM statement
WHERE seq > $1 AND seq <= $2 AND NOT voided
ORDER BY seq
LIMIT $3

-- name: all_descending
-- At most $3 statements with a seq above $1, up to $2, the newest first.
SELECT seq, CASE WHEN octet_length(body) <= 32768 THEN body END AS body
FROM statement
WHERE seq > $1 AND seq <= $2 AND NOT voided
ORDER BY seq DESC
LIMIT $3

-- name: mentioning_ascending
-- For each place (from 1 on) of the arrays at most $3 statements with a seq above $1, up to $2, the oldest first, that mention the key $4
-- directly. `matching_ascending` would answer that too, but takes longer to begin than this does to end, and nothing is asked for as
-- often. The arrays stand in queries of their own so that they look alike to the planner whatever they hold: one plan is kept for all.
SELECT place, seq, body
FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[]), (SELECT $3::bigint[]), (SELECT $4::uuid[]))
    WITH ORDINALITY AS asked (behind, last, most, key, place)
CROSS JOIN LATERAL (
    SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
    FROM statement_mention m
    JOIN statement s USING (seq)
    WHERE m.key = asked.key AND m.direct AND m.seq > asked.behind AND m.seq <= asked.last AND NOT s.voided
    ORDER BY m.seq
    LIMIT asked.most
) found

-- name: mentioning_descending
-- For each place (from 1 on) of the arrays at most $3 statements with a seq above $1, up to $2, the newest first, that mention the key $4
-- directly. `matching_descending` would answer that too, but takes longer to begin than this does to end, and nothing is asked for as
-- often. The arrays stand in queries of their own so that they look alike to the planner whatever they hold: one plan is kept for all.
SELECT place, seq, body
FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[]), (SELECT $3::bigint[]), (SELECT $4::uuid[]))
    WITH ORDINALITY AS asked (behind, last, most, key, place)
CROSS JOIN LATERAL (
    SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
    FROM statement_mention m
    JOIN statement s USING (seq)
    WHERE m.key = asked.key AND m.direct AND m.seq > asked.behind AND m.seq <= asked.last AND NOT s.voided
    ORDER BY m.seq DESC
    LIMIT asked.most
) found

-- name: matching_ascending
-- At most $3 statements with a seq above $1, up to $2, the oldest first, that mention the key $4, and every key of $6; directly, or in
-- any way where $5, or the key's place in $7, says so; of the authority $8 alone, where one is given.
-- Each branch walks an index in the order of seq and stops at the limit; what is in both is told once.
SELECT DISTINCT ON (seq) seq, body
FROM (
    (
        SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
        FROM statement_mention m
        JOIN statement s USING (seq)
        WHERE m.key = $4 AND m.direct AND m.seq > $1 AND m.seq <= $2 AND NOT s.voided AND ($8::text IS NULL OR s.authority = $8)
          AND NOT EXISTS (
              SELECT
              FROM unnest($6::uuid[], $7::boolean[]) AS other (key, related)
              WHERE NOT EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND x.direct AND x.seq = m.seq)
                AND NOT (related AND EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND NOT x.direct AND x.seq = m.seq))
          )
        ORDER BY m.seq
        LIMIT $3
    )
    UNION ALL
    (
        SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
        FROM statement_mention m
        JOIN statement s USING (seq)
        WHERE $5 AND m.key = $4 AND NOT m.direct AND m.seq > $1 AND m.seq <= $2 AND NOT s.voided AND ($8::text IS NULL OR s.authority = $8)
          AND NOT EXISTS (
              SELECT
              FROM unnest($6::uuid[], $7::boolean[]) AS other (key, related)
              WHERE NOT EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND x.direct AND x.seq = m.seq)
                AND NOT (related AND EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND NOT x.direct AND x.seq = m.seq))
          )
        ORDER BY m.seq
        LIMIT $3
    )
) found
ORDER BY seq
LIMIT $3

-- name: matching_descending
-- At most $3 statements with a seq above $1, up to $2, the newest first, that mention the key $4, and every key of $6; directly, or in
-- any way where $5, or the key's place in $7, says so; of the authority $8 alone, where one is given.
-- Each branch walks an index in the order of seq and stops at the limit; what is in both is told once.
SELECT DISTINCT ON (seq) seq, body
FROM (
    (
        SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
        FROM statement_mention m
        JOIN statement s USING (seq)
        WHERE m.key = $4 AND m.direct AND m.seq > $1 AND m.seq <= $2 AND NOT s.voided AND ($8::text IS NULL OR s.authority = $8)
          AND NOT EXISTS (
              SELECT
              FROM unnest($6::uuid[], $7::boolean[]) AS other (key, related)
              WHERE NOT EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND x.direct AND x.seq = m.seq)
                AND NOT (related AND EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND NOT x.direct AND x.seq = m.seq))
          )
        ORDER BY m.seq DESC
        LIMIT $3
    )
    UNION ALL
    (
        SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
        FROM statement_mention m
        JOIN statement s USING (seq)
        WHERE $5 AND m.key = $4 AND NOT m.direct AND m.seq > $1 AND m.seq <= $2 AND NOT s.voided AND ($8::text IS NULL OR s.authority = $8)
          AND NOT EXISTS (
              SELECT
              FROM unnest($6::uuid[], $7::boolean[]) AS other (key, related)
              WHERE NOT EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND x.direct AND x.seq = m.seq)
                AND NOT (related AND EXISTS (SELECT FROM statement_mention x WHERE x.key = other.key AND NOT x.direct AND x.seq = m.seq))
          )
        ORDER BY m.seq DESC
        LIMIT $3
    )
) found
ORDER BY seq DESC
LIMIT $3

-- name: meeting
-- At most $3 statements with a seq above $1, up to $2, that mention every key of $4, directly or, where its place in $5 says so, in any
-- way; of the authority $6 alone, where one is given; the oldest first where $7, else the newest. All that mentions the keys there is
-- read and counted, which for common keys that seldom meet takes a small part of what looking for each statement does; so $1 and $2
-- are not far apart. (OFFSET 0: the index is walked, whatever the planner makes of keys that are common.)
SELECT s.seq, CASE WHEN octet_length(s.body) <= 32768 THEN s.body END AS body
FROM (
    SELECT mentioned.seq
    FROM unnest($4::uuid[], $5::boolean[]) WITH ORDINALITY AS wanted (key, related, place)
    CROSS JOIN LATERAL (
        SELECT m.seq
        FROM statement_mention m
        WHERE m.key = wanted.key AND m.direct = ANY (CASE WHEN wanted.related THEN '{true,false}'::boolean[] ELSE '{true}' END)
          AND m.seq > $1 AND m.seq <= $2
        OFFSET 0
    ) AS mentioned
    GROUP BY mentioned.seq
    HAVING bit_or(1 << (wanted.place::int - 1)) = (1 << cardinality($4::uuid[])) - 1
) met
JOIN statement s USING (seq)
WHERE NOT s.voided AND ($6::text IS NULL OR s.authority = $6)
ORDER BY CASE WHEN $7 THEN s.seq ELSE -s.seq END
LIMIT $3
