-- name: learn_artefacts
-- Knows each artefact, each once; what the artefact itself says replaces what its title alone said, nothing else changes what is
-- known. In one order, so that processes do not wait for one another in a circle.
INSERT INTO artefact (source, native, root, iri, type, author, question, happened, spoken)
SELECT known.*
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[], $9::boolean[]
) AS known (source, native, root, iri, type, author, question, happened, spoken)
ORDER BY known.source, known.native
ON CONFLICT (source, native) DO UPDATE SET
    author = excluded.author, question = excluded.question, happened = excluded.happened, spoken = true
WHERE excluded.spoken AND NOT artefact.spoken

-- name: await_artefacts
-- Keeps each interaction until what it waits for is known, once, however often it is delivered.
INSERT INTO pending (source, statement, target, undecided, due)
SELECT waiting.*
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::timestamptz[])
    AS waiting (source, statement, target, undecided, due)
ORDER BY waiting.source, waiting.statement
ON CONFLICT (source, statement) DO NOTHING

-- name: met
-- Says of each line of what deliveries look for: whether a statement ($2) waits already, or was told without what it waited for;
-- whether something waits for an artefact ($3) or for one of which it is the root; and what is known of a target ($4) and, where
-- that is another, of its thread's root. All of one moment, so that nothing is seen as neither waiting nor told while it goes
-- from the one to the other.
SELECT
    EXISTS (SELECT FROM pending WHERE pending.source = line.source AND pending.statement = line.statement) AS waits,
    EXISTS (SELECT FROM orphan WHERE orphan.source = line.source AND orphan.statement = line.statement) AS orphan,
    EXISTS (SELECT FROM pending WHERE pending.source = line.source AND pending.target = line.native)
    OR EXISTS (
        SELECT
        FROM artefact
        JOIN pending ON pending.source = artefact.source AND pending.target = artefact.native
        WHERE artefact.source = line.source AND artefact.root = line.native
    ) AS awaited,
    target.native, target.root, target.iri, target.type, target.author, target.question, target.happened, target.spoken,
    begun.native, begun.root, begun.iri, begun.type, begun.author, begun.question, begun.happened, begun.spoken
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS line (source, statement, native, target, place)
LEFT JOIN artefact AS target ON target.source = line.source AND target.native = line.target
LEFT JOIN artefact AS begun ON begun.source = line.source AND begun.native = target.root AND begun.native <> target.native
ORDER BY line.place

-- name: close_channels
-- Remembers channels that are private.
INSERT INTO closed_channel (source, channel)
SELECT $1, channel FROM unnest($2::text[]) AS channel
ON CONFLICT DO NOTHING

-- name: open_pending
-- Locks, in one order, what waits under these ids, for these artefacts, or for an artefact of which these are the root.
SELECT statement, undecided
FROM pending
WHERE source = $1
  AND (statement = ANY ($2::uuid[])
       OR target = ANY ($3::text[])
       OR target IN (SELECT native FROM artefact WHERE source = $1 AND root = ANY ($3::text[])))
ORDER BY statement
LIMIT $4
FOR UPDATE

-- name: overdue_pending
-- Locks what has waited long enough, skipping what a delivery or another process is deciding at this moment.
SELECT source, statement, undecided
FROM pending
WHERE due <= $1
ORDER BY due
LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: known_artefacts
-- Returns what is known of these artefacts and of the roots of their threads.
SELECT native, root, iri, type, author, question, happened, spoken
FROM artefact
WHERE source = $1
  AND (native = ANY ($2::text[])
       OR native IN (SELECT root FROM artefact WHERE source = $1 AND native = ANY ($2::text[])))

-- name: withdraw_threads
-- Remembers that these threads were taken back whole, and when that was last.
INSERT INTO withdrawn_thread (source, root, at)
SELECT $1, root, max(at) FROM unnest($2::text[], $3::timestamptz[]) AS gone (root, at)
GROUP BY root
ORDER BY root
ON CONFLICT (source, root) DO UPDATE SET at = excluded.at WHERE withdrawn_thread.at < excluded.at

-- name: said_in_threads
-- Returns the addresses of all that is known to have been said in these threads; of their parts, of what was there when they went,
-- and what names those in which something may have been said, too.
SELECT iri, '' AS native, NULL AS at FROM artefact WHERE source = $1 AND root = ANY ($2::text[])
UNION
SELECT part.iri, part.native, withdrawn_thread.at
FROM part JOIN withdrawn_thread USING (source, root)
WHERE source = $1 AND root = ANY ($2::text[]) AND (happened IS NULL OR happened <= at)
ORDER BY iri

-- name: remember_parts
-- Remembers what was said in these threads, each once, and when.
INSERT INTO part (source, root, iri, happened, native)
SELECT $1, part.*
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS part (root, iri, happened, native)
ORDER BY root, iri
ON CONFLICT DO NOTHING

-- name: said_beneath
-- Looks through the next $4 artefacts of the source $1 behind the name $3: their names, and the address of each whose name begins with one
-- of $2. A page at a time: no order that an index has is that of beginnings in each database, and to look at years of artefacts at once
-- takes longer than a statement has.
SELECT native, CASE WHEN EXISTS (SELECT FROM unnest($2::text[]) AS beginning WHERE starts_with(native, beginning)) THEN iri END AS iri
FROM artefact
WHERE source = $1 AND native > $3
ORDER BY native
LIMIT $4

-- name: withdrawn_threads
-- Returns those of these threads that were taken back whole, and when that was last.
SELECT root, at FROM withdrawn_thread WHERE source = $1 AND root = ANY ($2::text[])

-- name: overwrite_letter
-- Overwrites what the dead letter $1 holds with $2.
UPDATE dead_letter SET value = $2 WHERE id = $1

-- name: made_by
-- Returns the addresses of all that these accounts are known to have made.
SELECT iri FROM artefact WHERE source = $1 AND author = ANY ($2::text[]) ORDER BY native

-- name: orphans
-- Returns those of these statements that were told without what they waited for.
SELECT statement FROM orphan WHERE source = $1 AND statement = ANY ($2::uuid[])

-- name: mark_orphans
-- Says that these statements are told without what they waited for.
INSERT INTO orphan (source, statement)
SELECT $1, statement FROM unnest($2::uuid[]) AS statement
ON CONFLICT DO NOTHING

-- name: settle_pending
-- Forgets what waited: its statement is in the log, or means nothing for us.
DELETE FROM pending WHERE source = $1 AND statement = ANY ($2::uuid[])

-- name: put_off_pending
-- Lets what waits under a statement wait longer.
UPDATE pending SET due = $3 WHERE source = $1 AND statement = $2

-- name: written_by
-- How many artefacts the accounts $2 of the sources $1 made, pair by pair.
SELECT count(*)
FROM unnest($1::text[], $2::text[]) AS erased (source, author)
JOIN artefact USING (source, author)

-- name: forget_author
-- Forgets that the accounts $2 of the sources $1 made what they made.
UPDATE artefact
SET author = NULL
FROM unnest($1::text[], $2::text[]) AS erased (source, author)
WHERE artefact.source = erased.source AND artefact.author = erased.author

-- name: forget_lookups
-- Forgets what is to be asked for of the sources $1 that names the accounts $2, pair by pair; of an account that is an address, also
-- what is behind it, such as its key.
DELETE FROM lookup
USING unnest($1::text[], $2::text[]) AS erased (source, author)
CROSS JOIN LATERAL (SELECT to_json(author)::text) AS written (name)
WHERE lookup.source = erased.source AND (
    position(written.name IN convert_from(reference, 'UTF8')) > 0
    OR author LIKE '%://%' AND (
        position(left(written.name, -1) || '#' IN convert_from(reference, 'UTF8')) > 0
        OR position(left(written.name, -1) || '/' IN convert_from(reference, 'UTF8')) > 0
    )
)

-- name: pending_of
-- Locks what waits for the sources $1.
SELECT source, statement, undecided FROM pending WHERE source = ANY ($1::text[]) ORDER BY source, statement FOR UPDATE

-- name: rewrite_pending
-- Keeps another interaction under a statement that waits.
UPDATE pending SET undecided = $3 WHERE source = $1 AND statement = $2

-- name: remember_erased
-- Remembers that the accounts with the digests $2 of the sources $1 are erased now, pair by pair.
INSERT INTO erased AS known (source, account, erased_at)
SELECT source, account, clock_timestamp() FROM unnest($1::text[], $2::bytea[]) AS now (source, account)
ORDER BY source, account
ON CONFLICT (source, account) DO UPDATE SET erased_at = greatest(known.erased_at, excluded.erased_at)

-- name: forget_erased
-- Forgets whom nothing can tell of any more that was heard before, after $1.
DELETE FROM erased WHERE erased_at < clock_timestamp() - $1::interval

-- name: erased_since
-- Who was erased since $1, and when.
SELECT source, account, erased_at FROM erased WHERE erased_at >= $1

-- name: last_erasure
-- When somebody was erased last.
SELECT max(erased_at) FROM erased

-- name: begin_erasing
-- Waits for whoever is about to remember somebody, and lets nobody do so until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('symposia ingest erased', 0))

-- name: put_off_erasing
-- Lets nobody be erased until the transaction ends, beside others who do the same.
SELECT pg_advisory_xact_lock_shared(hashtextextended('symposia ingest erased', 0))

-- name: told_offsets
-- How far the group $1 has told the topic $2, partition by partition.
SELECT partition, next_offset FROM consumer_offset WHERE group_name = $1 AND topic = $2

-- name: count_pending
-- Counts what waits.
SELECT count(*) FROM pending

-- name: add_source
-- Adds a source unless its id is taken, and then returns nothing.
INSERT INTO source (id, platform, workspace, sealed_secret, channels, private, direct, hearing, accepting, question_channels,
                    excluded, options, sealed_token, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: sources
-- Returns every source with the channels that are known to be private.
SELECT source.*, coalesce(array_agg(channel) FILTER (WHERE channel IS NOT NULL), '{}') AS closed
FROM source LEFT JOIN closed_channel ON closed_channel.source = source.id
GROUP BY source.id
ORDER BY source.id

-- name: set_state
-- Pauses a source or goes on with it; returns nothing where there is no such source.
UPDATE source SET state = $2 WHERE id = $1 RETURNING id

-- name: set_policy
-- Replaces what may be heard of a source; returns nothing where there is no such source.
UPDATE source SET channels = $2, private = $3, direct = $4, hearing = $5, accepting = $6, question_channels = $7, excluded = $8
WHERE id = $1
RETURNING id

-- name: set_options
-- Replaces what the connector of a source is told besides; returns nothing where there is no such source.
UPDATE source SET options = $2 WHERE id = $1 RETURNING id

-- name: rotate_secret
-- Signs with a new secret from now on; the one before it stays valid until the next rotation, or until it is retired.
UPDATE source SET sealed_previous_secret = sealed_secret, sealed_secret = $2 WHERE id = $1 RETURNING id

-- name: retire_secret
-- Ends the time of the secret before the last rotation.
UPDATE source SET sealed_previous_secret = NULL WHERE id = $1 RETURNING id

-- name: set_token
-- Replaces what we show when we ask the platform; returns nothing where there is no such source.
UPDATE source SET sealed_token = $2 WHERE id = $1 RETURNING id

-- name: remove_source
-- Removes a source with all that is known of its artefacts; what it said stays in the record.
DELETE FROM source WHERE id = $1 RETURNING id
