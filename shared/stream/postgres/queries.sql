-- name: create_partitions
-- Create the partitions, so many each ($2), of those of the topics $1 that do not exist; one that does keeps those it has. In order,
-- so that two who create the same wait for each other in one direction.
INSERT INTO partition (topic, number)
SELECT topic, number
FROM unnest($1::text[], $2::integer[]) AS asked (topic, partitions)
CROSS JOIN LATERAL generate_series(0, partitions - 1) AS number
WHERE NOT EXISTS (SELECT FROM partition p WHERE p.topic = asked.topic)
ORDER BY topic, number
ON CONFLICT (topic, number) DO NOTHING

-- name: partitions_of
-- The partitions of some topics, in order, each with the offset that its next record will get.
SELECT id, topic, number, next_offset FROM partition WHERE topic = ANY($1::text[]) ORDER BY topic, number

-- name: append_records
-- Append records in the order given, in one transaction; the first offset that each partition gave out is returned.
-- The counters are locked in the order of their ids, so that appends at the same time never wait for one another in a circle.
WITH incoming AS MATERIALIZED (
    SELECT each.*, row_number() OVER (PARTITION BY each.partition_id ORDER BY each.ordinal) - 1 AS place
    FROM unnest($1::integer[], $2::bytea[], $3::bytea[], $4::bytea[]) WITH ORDINALITY
        AS each (partition_id, key, value, headers, ordinal)
), counted AS MATERIALIZED (
    SELECT partition_id, count(*) AS records FROM incoming GROUP BY partition_id
), held AS MATERIALIZED (
    SELECT id, next_offset FROM partition WHERE id = ANY($5::integer[]) ORDER BY id FOR UPDATE
), moved AS (
    UPDATE partition SET next_offset = held.next_offset + counted.records
    FROM held JOIN counted ON counted.partition_id = held.id
    WHERE partition.id = held.id
), inserted AS (
    INSERT INTO record (partition_id, "offset", key, value, headers, "timestamp")
    SELECT incoming.partition_id, held.next_offset + incoming.place, incoming.key, incoming.value, incoming.headers,
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM incoming JOIN held ON held.id = incoming.partition_id
)
SELECT id, next_offset FROM held

-- name: fetch_records
-- The next records of a partition: at most so many, and no further ones once so many bytes are reached.
SELECT "offset", key, value, headers, "timestamp"
FROM (
    SELECT next.*, sum(octet_length(next.value)) OVER (ORDER BY next."offset") - octet_length(next.value) AS bytes_before
    FROM (
        SELECT "offset", key, value, headers, "timestamp" FROM record
        WHERE partition_id = $1 AND "offset" >= $2
        ORDER BY "offset"
        LIMIT $3
    ) AS next
) AS weighed
WHERE bytes_before < $4
ORDER BY "offset"

-- name: ends
-- The offset that the next record of each partition will get.
SELECT id, next_offset FROM partition WHERE id = ANY($1::integer[])

-- name: bounds
-- The first offset that a partition still keeps, and the one that its next record will get.
SELECT coalesce((SELECT min("offset") FROM record WHERE partition_id = id), next_offset) AS first, next_offset
FROM partition WHERE topic = $1 AND number = $2

-- name: beat
-- Prolong a member's lease, and read who else is in its group; members whose lease expired are forgotten.
WITH beat AS (
    INSERT INTO member (group_name, id, topics, expires)
    VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
    ON CONFLICT (group_name, id) DO UPDATE SET topics = excluded.topics, expires = excluded.expires
), gone AS (
    DELETE FROM member WHERE group_name = $1 AND id <> $2 AND expires < clock_timestamp()
)
SELECT id, topics FROM member WHERE group_name = $1 AND id <> $2 AND expires >= clock_timestamp()

-- name: leave
-- End a member's lease.
DELETE FROM member WHERE group_name = $1 AND id = $2

-- name: forget_records
-- Delete, of the first $3 records of a partition from the offset $4 on, those before the first that is younger than so many milliseconds:
-- how many they were, and which offset comes next. A portion at a time, since years of records are more than one statement deletes in
-- the time that it has.
WITH first AS MATERIALIZED (
    SELECT "offset", "timestamp" FROM record WHERE partition_id = $1 AND "offset" >= $4 ORDER BY "offset" LIMIT $3
), kept AS MATERIALIZED (
    SELECT coalesce(
        min("offset") FILTER (WHERE "timestamp" >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $2::bigint),
        max("offset") + 1
    ) AS behind
    FROM first
), forgotten AS (
    DELETE FROM record USING kept WHERE partition_id = $1 AND "offset" >= $4 AND "offset" < kept.behind RETURNING 1
)
SELECT (SELECT count(*) FROM forgotten) AS records, (SELECT behind FROM kept) AS behind
