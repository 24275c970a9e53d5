-- name: keep
-- The octets $2, whose SHA-256 is $1, are there, and claimed at $3 at the earliest. Sweeping meets the row's lock, and then the claim.
INSERT INTO attachment (sha256, length, claimed_at, content)
VALUES ($1, length($2::bytea), $3, $2)
ON CONFLICT (sha256) DO UPDATE SET claimed_at = greatest(attachment.claimed_at, excluded.claimed_at)

-- name: note_uses
-- The statements $1 came with the octets $3, which they declare as $2, at $4.
INSERT INTO attachment_use (statement, sha2, attachment, noted_at, settled)
SELECT statement, sha2, attachment, $4, false
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS noted (statement, sha2, attachment)
ORDER BY statement, sha2
ON CONFLICT (statement, sha2) DO UPDATE SET noted_at = greatest(attachment_use.noted_at, excluded.noted_at)

-- name: of_statements
-- The octets that came with the statements $1: by which hash they are declared, their SHA-256 and their length.
SELECT statement, u.sha2, a.sha256, a.length
FROM attachment_use u
JOIN attachment a ON a.sha256 = u.attachment
WHERE statement = ANY ($1::uuid[])

-- name: contents
-- The octets whose SHA-256 is one of $1.
SELECT sha256, content FROM attachment WHERE sha256 = ANY ($1::bytea[])

-- name: piece
-- At most $3 of the octets whose SHA-256 is $1, from the $2-th on (the first is 1).
SELECT substring(content FROM $2 FOR $3) FROM attachment WHERE sha256 = $1

-- name: due
-- At most $2 uses that were noted $1 before the newest recorded request was received, or earlier, and that nobody looked at since:
-- with the statement as recorded, if it is. The recorder has passed their requests, since it takes them in the order of receipt.
SELECT u.statement, u.sha2, s.body
FROM attachment_use u
LEFT JOIN statement s ON s.id = u.statement
WHERE NOT u.settled AND u.noted_at < (SELECT received_at - $1::interval FROM statement ORDER BY seq DESC LIMIT 1)
ORDER BY u.noted_at
LIMIT $2

-- name: settle
-- The statements $1 declare the hashes $2 in the record.
UPDATE attachment_use u
SET settled = true
FROM unnest($1::uuid[], $2::bytea[]) AS seen (statement, sha2)
WHERE u.statement = seen.statement AND u.sha2 = seen.sha2

-- name: drop_uses
-- The statements $1 do not use what they were noted to declare as $2, unless a request has said so again within $3.
DELETE FROM attachment_use u
USING unnest($1::uuid[], $2::bytea[]) AS gone (statement, sha2)
WHERE u.statement = gone.statement AND u.sha2 = gone.sha2 AND NOT u.settled
  AND u.noted_at < (SELECT received_at - $3::interval FROM statement ORDER BY seq DESC LIMIT 1)

-- name: sweep
-- Octets are gone that nothing uses, and that no request has brought within $1 before the newest recorded one.
DELETE FROM attachment a
WHERE a.claimed_at < (SELECT received_at - $1::interval FROM statement ORDER BY seq DESC LIMIT 1)
  AND NOT EXISTS (SELECT FROM attachment_use u WHERE u.attachment = a.sha256)

-- name: release_uses
-- The statements $1 use nothing any more but what they still declare: the statements $2 the hashes $3. Returns what was used.
DELETE FROM attachment_use u
WHERE u.statement = ANY ($1::uuid[])
  AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::bytea[]) AS kept (statement, sha2) WHERE kept.statement = u.statement AND kept.sha2 = u.sha2)
RETURNING u.attachment

-- name: release_contents
-- Of the octets whose SHA-256 is one of $1, those that nothing uses are gone.
DELETE FROM attachment a
WHERE a.sha256 = ANY ($1::bytea[]) AND NOT EXISTS (SELECT FROM attachment_use u WHERE u.attachment = a.sha256)
