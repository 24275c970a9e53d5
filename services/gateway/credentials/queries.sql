-- name: insert_credential
-- Issues a key; fails where the key id exists.
INSERT INTO credential (
    key_id, name, scopes, authority, authority_ifi, ids_from_content, created_at, expires_at, requests_per_minute, quirks
)
VALUES ($1, $2, $3::text[], $4, $5, $6, $7, $8, $9, $10::text[])

-- name: insert_secret
-- Adds a secret to a key.
INSERT INTO credential_secret (key_id, digest, created_at)
VALUES ($1, $2, $3)

-- name: lock_credential
-- Holds a key that is not revoked, so that two rotations follow one another; returns nothing where there is none.
SELECT key_id FROM credential WHERE key_id = $1 AND revoked_at IS NULL FOR UPDATE

-- name: expire_secrets
-- Lets the secrets that a key ($1) has live until $2 at most.
UPDATE credential_secret
SET expires_at = least(expires_at, $2)
WHERE key_id = $1

-- name: drop_older_secrets
-- Keeps the two newest secrets of a key.
DELETE FROM credential_secret
WHERE key_id = $1
  AND id NOT IN (SELECT id FROM credential_secret WHERE key_id = $1 ORDER BY id DESC LIMIT 2)

-- name: revoke_credential
-- Revokes a key for good; a second time changes nothing. Returns the key id where the key exists.
UPDATE credential
SET revoked_at = coalesce(revoked_at, $2)
WHERE key_id = $1
RETURNING key_id

-- name: change_credential
-- Sets the limit ($2) and the quirks ($3) of a key that is not revoked; returns nothing where there is none.
UPDATE credential
SET requests_per_minute = $2, quirks = $3::text[]
WHERE key_id = $1 AND revoked_at IS NULL
RETURNING key_id

-- name: credentials
-- All keys with their secrets' hashes, the oldest key first.
SELECT c.key_id, c.name, c.scopes, c.authority, c.authority_ifi, c.ids_from_content,
       c.created_at, c.expires_at, c.revoked_at, c.last_used_at, c.requests_per_minute, c.quirks,
       coalesce(array_agg(s.digest ORDER BY s.id) FILTER (WHERE s.id IS NOT NULL), '{}') AS digests,
       coalesce(array_agg(s.expires_at ORDER BY s.id) FILTER (WHERE s.id IS NOT NULL), '{}') AS digest_expiries
FROM credential c
LEFT JOIN credential_secret s USING (key_id)
GROUP BY c.key_id
ORDER BY c.created_at, c.key_id

-- name: note_uses
-- Moves the last use of each key ($1) to its time ($2), and never back.
UPDATE credential c
SET last_used_at = used.at
FROM unnest($1::text[], $2::timestamptz[]) AS used (key_id, at)
WHERE c.key_id = used.key_id AND (c.last_used_at IS NULL OR c.last_used_at < used.at)

-- name: note_refusals
-- Adds refused requests; the key id of a key that was never issued is left out.
INSERT INTO refused_request (key_id, at, method, route, status, reason)
SELECT c.key_id, r.at, r.method, r.route, r.status, r.reason
FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::smallint[], $6::text[]) WITH ORDINALITY
     AS r (key_id, at, method, route, status, reason, place)
LEFT JOIN credential c ON c.key_id = r.key_id
ORDER BY r.place

-- name: drop_older_refusals
-- Keeps the newest $1 refused requests of each key, and of unknown keys together.
DELETE FROM refused_request
WHERE id IN (
    SELECT id
    FROM (SELECT id, row_number() OVER (PARTITION BY key_id ORDER BY id DESC) AS place FROM refused_request) ranked
    WHERE place > $1
)

-- name: refusals
-- The refused requests of one key ($1), or of unknown keys where it is NULL; the newest first.
SELECT at, method, route, status, reason
FROM refused_request
WHERE key_id IS NOT DISTINCT FROM $1
ORDER BY id DESC

-- name: recognise
-- Says whether one of the fingerprints ($1) is known, or nothing is known yet.
SELECT NOT EXISTS (SELECT FROM master_key) OR EXISTS (SELECT FROM master_key WHERE fingerprint = ANY ($1::bytea[]))

-- name: remember_key
-- Remembers the fingerprint ($1) of a master key since its first use.
INSERT INTO master_key (fingerprint, first_used_at)
VALUES ($1, $2)
ON CONFLICT DO NOTHING

-- name: forget_keys
-- Forgets every master key that was in use.
DELETE FROM master_key
