-- name: share
-- Lets others look for copies too, each among texts of its own: those that may be alike are locked by their bands.
SELECT pg_advisory_xact_lock_shared(hashtext('records.wording')::bigint)

-- name: hold
-- Looks for copies alone until the transaction ends: one lock in the place of thousands.
SELECT pg_advisory_xact_lock(hashtext('records.wording')::bigint)

-- name: lock_bands
-- Locks bands, given in order: two texts that are alike, committing at once, cannot miss each other. One row says so of all.
SELECT count(*) FROM (SELECT pg_advisory_xact_lock(band) FROM unnest($1::bigint[]) AS band OFFSET 0) AS locked

-- name: bands
-- Returns the bands of the texts that statements gave.
SELECT unnest(bands) AS band FROM wording WHERE statement_id = ANY($1::uuid[])

-- name: keep
-- Keeps the signatures of texts whose statements still speak, and which texts have which bands ($4 of each text stand in $3); told
-- twice it keeps one. Returns what is new.
WITH kept AS (
    INSERT INTO wording (statement_id, object, happened, signature, bands)
    SELECT
        told.statement_id, interaction.object, interaction.happened, told.signature,
        ($3::bigint[])[(told.place - 1) * $4::int + 1 : told.place * $4::int]
    FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS told (statement_id, signature, place)
    JOIN interaction ON interaction.statement_id = told.statement_id
    WHERE NOT interaction.voided AND NOT interaction.redacted
    ORDER BY told.statement_id
    ON CONFLICT (statement_id) DO NOTHING
    RETURNING statement_id, happened, bands
), banded AS (
    INSERT INTO wording_band (band, happened, statement_id)
    SELECT band, kept.happened, kept.statement_id
    FROM kept CROSS JOIN unnest(kept.bands) AS band
    ORDER BY band, kept.happened, kept.statement_id
)
SELECT statement_id FROM kept

-- name: silent
-- Returns those of the statements $1 that gave a text and say nothing any more.
SELECT wording.statement_id
FROM wording
JOIN interaction ON interaction.statement_id = wording.statement_id
WHERE wording.statement_id = ANY($1::uuid[]) AND (interaction.voided OR interaction.redacted)

-- name: drop
-- Forgets the texts of the statements $1, and which bands they had.
WITH dropped AS (
    DELETE FROM wording WHERE statement_id = ANY($1::uuid[]) RETURNING statement_id, happened, bands
)
DELETE FROM wording_band
USING dropped
WHERE wording_band.band = ANY(dropped.bands)
  AND wording_band.happened = dropped.happened AND wording_band.statement_id = dropped.statement_id

-- name: copying
-- Returns the statements that make what may be another's copy than before, once the texts of the statements $1 came or before they go:
-- those of whose text it is, and those of later texts in the same bands, unless they copy an earlier one, or the text is none of
-- the first $2 of the band, which alone they are compared with. (OFFSET 0: what stands within is looked up for each row outside,
-- whatever the planner has learned of the tables by then.)
WITH changed AS (
    SELECT wording.statement_id, wording.happened, wording.bands
    FROM wording
    WHERE wording.statement_id = ANY($1::uuid[])
), compared AS (
    SELECT changed.statement_id, changed.happened, shared.band
    FROM changed
    CROSS JOIN unnest(changed.bands) AS shared (band)
    WHERE NOT EXISTS (
        SELECT
        FROM wording_band
        WHERE wording_band.band = shared.band
          AND (wording_band.happened, wording_band.statement_id) < (changed.happened, changed.statement_id)
        OFFSET $2::int - 1
    )
), later AS (
    SELECT DISTINCT found.statement_id, compared.happened, compared.statement_id AS changed_id
    FROM compared
    CROSS JOIN LATERAL (
        SELECT wording_band.statement_id
        FROM wording_band
        WHERE wording_band.band = compared.band
          AND (wording_band.happened, wording_band.statement_id) > (compared.happened, compared.statement_id)
        OFFSET 0
    ) AS found
)
SELECT making.statement_id
FROM changed
CROSS JOIN LATERAL (
    SELECT making.statement_id
    FROM interaction AS giving
    JOIN interaction AS making ON making.object = giving.object AND making.actor IS NOT DISTINCT FROM giving.actor
    WHERE giving.statement_id = changed.statement_id AND making.makes_object
    OFFSET 0
) AS making
UNION
SELECT making.statement_id
FROM later
CROSS JOIN LATERAL (
    SELECT making.statement_id
    FROM interaction AS giving
    JOIN interaction AS making ON making.object = giving.object AND making.actor IS NOT DISTINCT FROM giving.actor
    LEFT JOIN interaction AS copied ON copied.statement_id = making.copy_of
    WHERE giving.statement_id = later.statement_id AND making.makes_object
      AND (making.copy_of IS NULL OR (copied.happened, copied.statement_id) >= (later.happened, later.changed_id))
    OFFSET 0
) AS making

-- name: of_artefacts
-- Returns every text that somebody ($2) gave to an artefact ($1).
SELECT given.*
FROM unnest($1::text[], $2::text[]) AS whose (object, actor)
CROSS JOIN LATERAL (
    SELECT wording.statement_id, wording.happened, wording.object, interaction.actor, interaction.makes_object, wording.signature
    FROM wording
    JOIN interaction ON interaction.statement_id = wording.statement_id
    WHERE wording.object = whose.object AND interaction.actor IS NOT DISTINCT FROM whose.actor
    OFFSET 0
) AS given

-- name: before
-- Returns, for the texts of the statements $1, the first of those in the same bands that were there before, $2 for each band at most.
SELECT
    found.later, wording.statement_id, wording.happened, wording.object, interaction.actor, interaction.makes_object,
    wording.signature
FROM (
    SELECT DISTINCT looked.statement_id AS later, earlier.statement_id
    FROM wording AS looked
    CROSS JOIN unnest(looked.bands) AS shared (band)
    CROSS JOIN LATERAL (
        SELECT wording_band.statement_id
        FROM wording_band
        WHERE wording_band.band = shared.band
          AND (wording_band.happened, wording_band.statement_id) < (looked.happened, looked.statement_id)
        ORDER BY wording_band.happened, wording_band.statement_id
        LIMIT $2
    ) AS earlier
    WHERE looked.statement_id = ANY($1::uuid[])
) AS found
JOIN wording ON wording.statement_id = found.statement_id
JOIN interaction ON interaction.statement_id = found.statement_id
