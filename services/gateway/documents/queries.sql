-- name: one
-- The document $1.
SELECT content_type, content, etag, updated_at
FROM document
WHERE key = $1

-- name: lock
-- The document $1 without its content, as it was last committed; nobody else changes it until the end of the transaction.
SELECT content_type, ''::bytea AS content, etag, updated_at
FROM document
WHERE key = $1
FOR UPDATE

-- name: lock_with_content
-- As `lock`, with the content.
SELECT content_type, content, etag, updated_at
FROM document
WHERE key = $1
FOR UPDATE

-- name: insert
-- True where the document was added; nothing where somebody else has added it meanwhile.
INSERT INTO document (key, context, resource, activity, agent, registration, name, content_type, content, etag, updated_at)
VALUES ($1, $2, $3, $4, $5, $6::text::uuid, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO NOTHING
RETURNING true

-- name: overwrite
-- The document is as it is given, whatever stood there; its time never goes back.
INSERT INTO document (key, context, resource, activity, agent, registration, name, content_type, content, etag, updated_at)
VALUES ($1, $2, $3, $4, $5, $6::text::uuid, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO UPDATE
SET content_type = excluded.content_type,
    content = excluded.content,
    etag = excluded.etag,
    updated_at = greatest(document.updated_at, excluded.updated_at)

-- name: update
-- The document $1, which is locked, has this content; its time never goes back.
UPDATE document
SET content_type = $2, content = $3, etag = $4, updated_at = greatest(updated_at, $5)
WHERE key = $1

-- name: delete
-- The documents of $1, which are locked, are gone.
DELETE FROM document
WHERE key = ANY ($1::uuid[])

-- name: names
-- The names of the context $1's documents that changed after $2, where that is given, in their order.
SELECT name, updated_at
FROM document
WHERE context = $1 AND ($2::timestamptz IS NULL OR updated_at > $2)
ORDER BY name

-- name: lock_all
-- The keys and names of the context $1's documents, in the order of their names; nobody else changes them until the end.
SELECT key, name, updated_at
FROM document
WHERE context = $1
ORDER BY name
FOR UPDATE
