-- name: learners
-- The learners whom a reference of kind $1 and value $2 leads to.
SELECT learner FROM records.learner_reference WHERE kind = $1 AND value = $2

-- name: identities_of
-- All identifiers of the learners $1.
SELECT identity FROM records.learner_identity WHERE learner = ANY ($1::uuid[])

-- name: learners_of
-- Whose the identifiers $1 are, and what other identifiers they have.
SELECT DISTINCT other.learner, other.identity
FROM records.learner_identity AS named
JOIN records.learner_identity AS other USING (learner)
WHERE named.identity = ANY ($1::text[])

-- name: begin
-- Under the recorder's lock: notes that an erasure begins now, of what the record holds by now; $1 are the digests of whom.
INSERT INTO erasure (digests, erased_at, through_seq)
VALUES ($1::bytea[], clock_timestamp(), coalesce((SELECT max(seq) FROM statement), 0))
RETURNING id, erased_at, through_seq

-- name: remember
-- Remembers what is erased by its digests ($1): what was received until $2 is not recorded with it.
INSERT INTO erased_key AS e (digest, erased_at)
SELECT DISTINCT digest, $2::timestamptz FROM unnest($1::bytea[]) AS digest
ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET erased_at = greatest(e.erased_at, excluded.erased_at)

-- name: count_statements
-- In how many statements the keys $1 stand, and in how many of these as the actor.
SELECT
    count(*) FILTER (WHERE usage & 16383 <> 0) AS statements,
    count(*) FILTER (WHERE usage & 4 <> 0 AND usage & 8192 = 0) AS acted
FROM (SELECT seq, bit_or(usage) AS usage FROM statement_mention WHERE key = ANY ($1::uuid[]) GROUP BY seq) mentioned

-- name: mentioning
-- The statements behind seq $2 and up to $3 that mention one of the keys $1: at most $4, and of these what $5 bytes hold, but one at
-- least.
SELECT seq, id, body
FROM (
    SELECT s.seq, s.id::text AS id, s.body, sum(octet_length(s.body)) OVER (ORDER BY s.seq) AS bytes,
        row_number() OVER (ORDER BY s.seq) AS place
    FROM (
        SELECT DISTINCT seq FROM statement_mention WHERE key = ANY ($1::uuid[]) AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
    ) found
    JOIN statement s USING (seq)
) weighed
WHERE bytes <= $5 OR place = 1
ORDER BY seq

-- name: containing
-- The statements behind seq $1 and up to $2 that hold a text of $3 and that beside it in $4: identifiers in extensions have no index.
SELECT seq
FROM statement
WHERE seq > $1 AND seq <= $2
  AND EXISTS (
      SELECT FROM unnest($3::bytea[], $4::bytea[]) AS identifier (one, other)
      WHERE position(one IN body) > 0 AND position(other IN body) > 0
  )
ORDER BY seq

-- name: hold
-- The statements $1 as they are under the recorder's lock, but those that were received after $2 unless their seq is up to $3.
SELECT seq, body FROM statement WHERE seq = ANY ($1::bigint[]) AND (received_at <= $2 OR seq <= $3) ORDER BY seq

-- name: overwrite
-- Overwrites the bodies of the statements $1 with $2; $3 says of which only names are gone, $4 when. Returns the statements.
UPDATE statement s
SET
    body = erased.body,
    names_only = erased.names_only AND (s.names_only OR s.redacted_at IS NULL),
    redacted_at = least(s.redacted_at, $4::timestamptz)
FROM unnest($1::bigint[], $2::bytea[], $3::boolean[]) AS erased (seq, body, names_only)
WHERE s.seq = erased.seq
RETURNING s.seq, s.id::text, s.stored, s.received_at, s.source, s.voided, s.redacted_at, s.body, s.names_only

-- name: overwrite_authority
-- Lets nobody ($2) vouch for those of the statements $1 for which one of $3 did.
UPDATE statement SET authority = $2 WHERE seq = ANY ($1::bigint[]) AND authority = ANY ($3::text[])

-- name: forget_reasons
-- Forgets why other LRSs refused the statements $1: they may have repeated what stood there.
UPDATE forwarding_letter SET reason = 'erased' WHERE seq = ANY ($1::bigint[])

-- name: rekey
-- Lets the statements $1 be found by the key $2, and no more by any of $3; where several stood there, one mention is left.
WITH gone AS (
    DELETE FROM statement_mention
    WHERE key = ANY ($3::uuid[] || $2::uuid) AND direct = ANY ('{true,false}'::boolean[]) AND seq = ANY ($1::bigint[])
    RETURNING seq, usage, direct
)
INSERT INTO statement_mention (key, seq, usage, direct)
SELECT $2::uuid, seq, bit_or(usage), bool_or(direct) FROM gone GROUP BY seq

-- name: count_on
-- Adds $2 statements to the erasure $1.
UPDATE erasure SET statements = statements + $2 WHERE id = $1

-- name: finish
-- Says that the erasure $1 is done, and with it those of the same person that did not come to their end.
UPDATE erasure
SET finished_at = clock_timestamp()
WHERE finished_at IS NULL AND digests <@ (SELECT digests FROM erasure WHERE id = $1)
RETURNING finished_at

-- name: audit
-- Writes down that the operator did $1 at $2, why ($3), and of whom ($4), unless they are erased.
INSERT INTO audit (at, key_id, action, purpose, learner, learners) VALUES ($2, 'operator', $1, $3, $4, 1)

-- name: overwrite_letter
-- Overwrites what the dead letter $1 holds with $2, and why it is one with $3.
UPDATE dead_letter SET value = $2, reason = $3 WHERE id = $1

-- name: outbox
-- The rows that wait in the outbox behind the id $1, a few at a time.
SELECT id, records FROM outbox WHERE id > $1 ORDER BY id LIMIT 8

-- name: overwrite_row
-- Overwrites what a row of the outbox says, if it still waits.
UPDATE outbox SET records = $2 WHERE id = $1

-- name: count_documents
-- How many documents are kept for the agents $1.
SELECT count(*) FROM document WHERE agent = ANY ($1::text[])

-- name: delete_documents
-- Deletes the documents of the agents $1.
DELETE FROM document WHERE agent = ANY ($1::text[])

-- name: forget_names
-- Forgets what is known of the agents $1: the names that statements gave them.
DELETE FROM definition WHERE key = ANY ($1::uuid[])

-- name: vouching
-- The keys in use with which one of $1 vouches for what is sent.
SELECT key_id FROM credential WHERE authority_ifi = ANY ($1::text[]) AND revoked_at IS NULL ORDER BY key_id

-- name: vouched
-- Lets nobody ($2, its IFI $3) have vouched with the revoked keys with which one of $1 did.
UPDATE credential SET authority = $2, authority_ifi = $3 WHERE authority_ifi = ANY ($1::text[]) AND revoked_at IS NOT NULL

-- name: last_seq
-- The last statement of the record.
SELECT coalesce(max(seq), 0) FROM statement

-- name: found
-- The statement $1.
SELECT seq, id::text, body FROM statement WHERE seq = $1

-- name: document_keys
-- The documents of the agents $1, in the order of their keys.
SELECT key FROM document WHERE agent = ANY ($1::text[]) ORDER BY key

-- name: document
-- The document $1.
SELECT resource, activity, agent, registration, name, content_type, updated_at, content FROM document WHERE key = $1

-- name: readers
-- Who read about the learners $1, and what else was done that concerned them, the latest last.
SELECT at, key_id AS credential, (SELECT name FROM credential WHERE credential.key_id = audit.key_id) AS name, action, purpose
FROM audit
WHERE learner = ANY ($1::uuid[])
ORDER BY audit.id
