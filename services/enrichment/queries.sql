-- name: share_identities
-- Holds every identity as it is until the transaction ends; a merge takes the same lock exclusively.
SELECT pg_advisory_xact_lock_shared(hashtext('records.identities')::bigint)

-- name: hold_identities
-- Waits for every transaction that relies on an identity, and keeps new ones out until this one ends.
SELECT pg_advisory_xact_lock(hashtext('records.identities')::bigint)

-- name: hold_artefacts
-- Has all artefacts alone until the transaction ends: one lock in the place of thousands.
SELECT pg_advisory_xact_lock(hashtext('records.artefacts')::bigint)

-- name: lock_artefacts
-- Locks artefacts, given in order of their keys: parent and reply, committing at once, cannot miss each other. Before them it takes
-- what who locks all of them has alone.
SELECT pg_advisory_xact_lock(key)
FROM pg_advisory_xact_lock_shared(hashtext('records.artefacts')::bigint) AS shared, unnest($1::bigint[]) AS key

-- name: catalogue_version
-- Says whether a catalogue that was read before is still the one.
SELECT version FROM catalogue_version

-- name: courses
-- Reads the whole catalogue.
SELECT iri, title, description, codes, aliases, urls, channels FROM course ORDER BY iri

-- name: tell
-- Stores what a statement says; told twice it stores once, but voided and redacted are taken over and never go back. What a
-- redacted body no longer says is forgotten, so that a replay of it makes the same row; and so is who was erased ($21).
INSERT INTO interaction (
    statement_id, seq, stored, received_at, happened, verb, actor, object, object_type, makes_object,
    parent, threads, courses, target, team, urls, voided, redacted, takes_back, qualifier
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
ON CONFLICT (statement_id) DO UPDATE SET
    voided = interaction.voided OR excluded.voided,
    redacted = interaction.redacted OR excluded.redacted,
    actor = CASE WHEN excluded.actor = $21 THEN excluded.actor ELSE interaction.actor END,
    team = CASE WHEN excluded.team = $21 THEN excluded.team ELSE interaction.team END,
    target = CASE
        WHEN interaction.redacted OR excluded.redacted THEN NULL
        WHEN excluded.target = $21 THEN excluded.target
        ELSE interaction.target
    END,
    urls = CASE WHEN interaction.redacted OR excluded.redacted THEN '{}' ELSE interaction.urls END,
    takes_back = excluded.takes_back,
    qualifier = CASE WHEN interaction.redacted OR excluded.redacted THEN NULL ELSE excluded.qualifier END

-- name: overwritten
-- What the record holds by now of those of the statements $1 that were overwritten; looked for only where somebody was erased since
-- $2, when the oldest of them was received.
SELECT id::text AS id, redacted_at, names_only, body
FROM lrs.recorded_statement
WHERE id = ANY($1::uuid[]) AND redacted_at IS NOT NULL AND (SELECT erased_at FROM lrs.last_erasure) >= $2::timestamptz

-- name: tell_anchors
-- Stores which artefacts statements build on; told twice it stores once.
INSERT INTO interaction_anchor (anchor, statement_id)
SELECT anchor, statement_id FROM unnest($1::text[], $2::uuid[]) AS told (anchor, statement_id)
ORDER BY anchor, statement_id
ON CONFLICT DO NOTHING

-- name: hold_interactions
-- Locks statements in order and reads them as they are then: what is decided from them cannot be overtaken.
SELECT * FROM interaction WHERE statement_id = ANY($1::uuid[]) ORDER BY statement_id FOR UPDATE

-- name: makers
-- Returns who made each artefact: of the statements that say so and are not voided, the earliest; and whose text it copies. What says
-- by one of the verbs $2 that something was built on, and not on what, names that as its object, unless that is a writing (of types $3).
SELECT maker.*, copied.actor AS copied_actor
FROM (
    SELECT DISTINCT ON (object) object, statement_id, actor, links, copy_of
    FROM interaction
    WHERE object = ANY($1::text[]) AND makes_object AND NOT voided AND (
        parent IS NOT NULL OR verb <> ALL ($2::text[]) OR object_type = ANY ($3::text[])
    )
    ORDER BY object, happened, statement_id
) AS maker
LEFT JOIN interaction AS copied ON copied.statement_id = maker.copy_of

-- name: built_on
-- Returns statements that build on artefacts, and those that made them: all of them where they are $2 at most, else more than $2.
(SELECT statement_id FROM interaction_anchor WHERE anchor = ANY($1::text[]) LIMIT $2 + 1)
UNION
(SELECT statement_id FROM interaction WHERE object = ANY($1::text[]) AND makes_object LIMIT $2 + 1)

-- name: built_on_after
-- Returns the statements that build on an artefact, and those that made it, behind a statement: $3 at most, in the order of their ids.
(SELECT statement_id FROM interaction_anchor WHERE anchor = $1 AND statement_id > $2 ORDER BY statement_id LIMIT $3)
UNION
(SELECT statement_id FROM interaction WHERE object = $1 AND makes_object AND statement_id > $2 ORDER BY statement_id LIMIT $3)
ORDER BY statement_id
LIMIT $3

-- name: taken_back
-- Which of the statements $1 tell what their actors took back: by a later act upon the same object that is not void itself.
SELECT act.statement_id
FROM interaction AS act
WHERE act.statement_id = ANY($1::uuid[])
  AND EXISTS (
      SELECT FROM interaction AS undoing
      WHERE undoing.takes_back <> '{}' AND undoing.object = act.object AND undoing.actor = act.actor
        AND act.verb = ANY(undoing.takes_back) AND undoing.qualifier IS NOT DISTINCT FROM act.qualifier
        AND undoing.happened >= act.happened AND NOT undoing.voided
  )

-- name: undone_by
-- What the statements $1 take back, whether they are void or not: there it has to be looked at again. What another takes back that is
-- not void stays taken back, so only what was done since the last of these is returned: of a thousand likes and unlikes in turn, one.
-- The verbs are those of the index interaction_undoable. (OFFSET 0: it is used whatever the planner has learned of the table by then.)
SELECT act.statement_id
FROM (
    SELECT object, actor, takes_back, qualifier, max(happened) AS happened
    FROM interaction
    WHERE statement_id = ANY($1::uuid[])
    GROUP BY object, actor, takes_back, qualifier
) AS undoing
CROSS JOIN LATERAL (
    SELECT coalesce(max(other.happened), '-infinity') AS happened
    FROM interaction AS other
    WHERE other.takes_back <> '{}' AND other.object = undoing.object AND other.actor = undoing.actor
      AND other.takes_back @> undoing.takes_back AND other.qualifier IS NOT DISTINCT FROM undoing.qualifier
      AND NOT other.voided AND other.statement_id <> ALL($1::uuid[])
) AS before
CROSS JOIN LATERAL (
    SELECT act.statement_id
    FROM interaction AS act
    WHERE act.object = undoing.object AND act.actor = undoing.actor
      AND act.happened > before.happened AND act.happened <= undoing.happened
      AND act.verb = ANY(undoing.takes_back) AND act.qualifier IS NOT DISTINCT FROM undoing.qualifier
      AND act.verb IN (
        'http://activitystrea.ms/accept',
        'http://activitystrea.ms/like',
        'http://activitystrea.ms/share',
        'http://id.tincanapi.com/verb/bookmarked',
        'http://id.tincanapi.com/verb/voted-up',
        'https://w3id.org/xapi/virtual-classroom/verbs/reacted'
      )
    OFFSET 0
) AS act

-- name: by_person
-- Returns the statements in which identities act or are named, and those that build on what they made, or on copies of what they wrote.
SELECT statement_id FROM interaction WHERE actor = ANY($1::text[])
UNION
SELECT statement_id FROM interaction WHERE target = ANY($1::text[])
UNION
SELECT anchor.statement_id
FROM interaction AS wrote
JOIN interaction AS copy ON copy.copy_of = wrote.statement_id
JOIN interaction_anchor AS anchor ON anchor.anchor = copy.object
WHERE wrote.actor = ANY($1::text[])
UNION
SELECT anchor.statement_id
FROM interaction AS made JOIN interaction_anchor AS anchor ON anchor.anchor = made.object
WHERE made.actor = ANY($1::text[]) AND made.makes_object

-- name: naming
-- Returns statements in which identities ($1) act or are named, up to the seq $2 only: $3 of them at most, whichever are found first. What
-- is erased is found no more, so to sort all that is left for each page took as long as its square, of somebody whom everybody applauds.
SELECT found.statement_id
FROM unnest($1::text[]) AS whose (identity)
CROSS JOIN LATERAL (
    (SELECT statement_id FROM interaction WHERE actor = whose.identity AND seq <= $2 LIMIT $3)
    UNION
    (SELECT statement_id FROM interaction WHERE target = whose.identity AND seq <= $2 LIMIT $3)
) AS found
GROUP BY found.statement_id
LIMIT $3

-- name: erase_identities
-- Puts the erased person ($3) in the place of identities ($2) in statements ($1); their own say nothing any more.
UPDATE interaction
SET
    actor = CASE WHEN actor = ANY($2::text[]) THEN $3::text ELSE actor END,
    team = CASE WHEN team = ANY($2::text[]) THEN $3::text ELSE team END,
    target = CASE WHEN redacted OR actor = ANY($2::text[]) THEN NULL WHEN target = ANY($2::text[]) THEN $3::text ELSE target END,
    urls = CASE WHEN actor = ANY($2::text[]) THEN '{}' ELSE urls END,
    qualifier = CASE WHEN redacted OR actor = ANY($2::text[]) THEN NULL ELSE qualifier END,
    redacted = redacted OR coalesce(actor = ANY($2::text[]), false)
WHERE statement_id = ANY($1::uuid[])

-- name: forget_aliases
-- Forgets identities and returns whose they were.
DELETE FROM alias WHERE ifi = ANY($1::text[]) RETURNING learner

-- name: forget_hash
-- Forgets the e-mail hashes ($1) of learners who keep other identities.
UPDATE learner SET email_sha1 = NULL WHERE email_sha1 = ANY($1::text[])

-- name: forget_enrolments
-- Forgets the enrolments of those of the learners $1 who have no identity left, or were named whole ($2).
DELETE FROM enrolment
WHERE learner = ANY($2::uuid[])
   OR (learner = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM alias WHERE alias.learner = enrolment.learner))

-- name: forget_learners
-- Forgets those of the learners $1 who have no identity left; returns who they are.
DELETE FROM learner
WHERE id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM alias WHERE alias.learner = learner.id)
RETURNING id

-- name: forget_jobs
-- Takes identities ($1) out of the jobs that imports left: the others become a job of their own, which begins with the first.
WITH naming AS (
    DELETE FROM relink WHERE identities && $1::text[] RETURNING identities
)
INSERT INTO relink (identities)
SELECT ARRAY(SELECT unnest(identities) EXCEPT SELECT unnest($1::text[])) FROM naming

-- name: count_held
-- Counts what is known of identities ($1) and learners ($2): statements, identities, learners, enrolments.
SELECT
    (SELECT count(*) FROM interaction WHERE actor = ANY($1::text[]) OR target = ANY($1::text[])) AS interactions,
    (SELECT count(*) FROM alias WHERE ifi = ANY($1::text[])) AS identities,
    (SELECT count(*) FROM learner WHERE id = ANY($2::uuid[])) AS learners,
    (SELECT count(*) FROM enrolment WHERE learner = ANY($2::uuid[])) AS enrolments

-- name: profile
-- Returns what is known of learners $1, as one JSON text each.
SELECT jsonb_build_object(
    'learner', id, 'externalId', external_id, 'name', name, 'emailSha1', email_sha1,
    'identities', (SELECT coalesce(jsonb_agg(ifi ORDER BY ifi), '[]') FROM alias WHERE alias.learner = learner.id),
    'enrolments', (
        SELECT coalesce(
            jsonb_agg(jsonb_build_object('course', course, 'role', role, 'from', valid_from, 'to', valid_to) ORDER BY course), '[]'
        )
        FROM enrolment WHERE enrolment.learner = learner.id
    )
)::text AS profile
FROM learner
WHERE id = ANY($1::uuid[])
ORDER BY id

-- name: named_in
-- Returns the statements in which identities ($1) act or are named, in one order.
SELECT statement_id FROM interaction WHERE actor = ANY($1::text[]) OR target = ANY($1::text[]) ORDER BY statement_id

-- name: said_of
-- Returns what was said last of statements, in their order, where anything was.
SELECT emitted FROM interaction WHERE statement_id = ANY($1::uuid[]) AND emitted <> ''::bytea ORDER BY statement_id

-- name: artefacts_of
-- Returns the artefacts that statements are about or build on: from their own rows, since anchors are not found by statement.
SELECT DISTINCT iri
FROM interaction CROSS JOIN LATERAL unnest(threads || ARRAY[object, parent]) AS touched (iri)
WHERE statement_id = ANY($1::uuid[]) AND iri IS NOT NULL

-- name: due_job
-- Returns the next job of relinking that is due and that no other process holds, with the next $1 statements or $2 identities of its list.
-- A job for the whole record comes last, so that what a batch left does not wait for it. The job is found before its list is read:
-- otherwise the lists of all jobs would be read for each part of one.
WITH next AS (
    SELECT id
    FROM relink
    WHERE retry_at IS NULL OR retry_at <= clock_timestamp()
    ORDER BY num_nonnulls(identities, statements, artefacts) DESC, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
SELECT id, failures, place, behind, coalesce(cardinality(identities), cardinality(statements), cardinality(artefacts)) AS size,
    identities[place::int + 1 : place::int + $2] AS identities,
    statements[place::int + 1 : place::int + $1] AS statements,
    artefacts[place::int + 1 : place::int + 1] AS artefacts
FROM relink JOIN next USING (id)

-- name: any_job
-- Returns the next job of relinking, due or not, even if another process holds it; otherwise like due_job.
SELECT id, failures, place, behind, coalesce(cardinality(identities), cardinality(statements), cardinality(artefacts)) AS size,
    identities[place::int + 1 : place::int + $2] AS identities,
    statements[place::int + 1 : place::int + $1] AS statements,
    artefacts[place::int + 1 : place::int + 1] AS artefacts
FROM relink
WHERE id = (SELECT id FROM relink ORDER BY num_nonnulls(identities, statements, artefacts) DESC, id LIMIT 1)

-- name: hold_job
-- Has the job $1 alone until the transaction ends, and returns it if it has come as far as $2, $3 and no further. Who takes it has
-- shared identities before: an import holds them when it puts another in its place.
SELECT id FROM relink WHERE id = $1 AND place = $2 AND behind = $3 FOR UPDATE

-- name: move_job
-- Keeps how far the job $1 has come.
UPDATE relink SET place = $2, behind = $3 WHERE id = $1

-- name: jobs_left
-- Counts the jobs that wait, and those that met a bug.
SELECT count(*) FILTER (WHERE failures = 0) AS waiting, count(*) FILTER (WHERE failures > 0) AS postponed FROM relink

-- name: postpone
-- Leaves the job $1, which has failed $2 times, alone for $4 seconds, and keeps why ($3); of two processes that met the same, one does.
UPDATE relink
SET failures = failures + 1, last_failure = $3, retry_at = clock_timestamp() + make_interval(secs => $4)
WHERE id = $1 AND failures = $2

-- name: set_aside
-- Leaves statements ($1) at which a job failed, $2 times in a row, for a job of their own, alone for $4 seconds, and keeps why ($3).
INSERT INTO relink (statements, failures, last_failure, retry_at)
VALUES ($1::uuid[], $2, $3, clock_timestamp() + make_interval(secs => $4))

-- name: leave
-- Leaves statements to the relinker.
INSERT INTO relink (statements) VALUES ($1::uuid[])

-- name: leave_artefacts
-- Leaves what builds on artefacts to the relinker.
INSERT INTO relink (artefacts) VALUES ($1::text[])

-- name: done
-- Forgets a job; its work is committed.
DELETE FROM relink WHERE id = $1

-- name: after
-- Returns statements in the order of the record, a page at a time.
SELECT statement_id, seq FROM interaction WHERE seq > $1 ORDER BY seq LIMIT $2

-- name: meet
-- Makes a provisional learner of every identity that is not known yet; told twice it makes one.
WITH learners AS (
    INSERT INTO learner (id, email_sha1)
    SELECT DISTINCT ON (learner) learner, email_sha1
    FROM unnest($1::text[], $2::uuid[], $3::text[]) AS met (ifi, learner, email_sha1)
    WHERE NOT EXISTS (SELECT FROM alias WHERE alias.ifi = met.ifi)
    ORDER BY learner
    ON CONFLICT (id) DO NOTHING
)
INSERT INTO alias (ifi, learner)
SELECT ifi, learner FROM unnest($1::text[], $2::uuid[], $3::text[]) AS met (ifi, learner, email_sha1)
ORDER BY ifi
ON CONFLICT (ifi) DO NOTHING

-- name: learners
-- Returns who identities are.
SELECT ifi, learner FROM alias WHERE ifi = ANY($1::text[])

-- name: enrolments
-- Returns the courses that learners are or were enrolled in, and since when.
SELECT learner, course, valid_from FROM enrolment WHERE learner = ANY($1::uuid[])

-- name: next_revisions
-- Takes revisions; asked for only after the rows they are for are locked. The first that are taken of another history outrun those
-- that the log may hold of the one before.
WITH outrun AS (
    UPDATE revision_history SET history = current_history() WHERE history <> current_history()
    RETURNING outrun_revisions()
)
SELECT nextval('revision') AS revision
FROM (SELECT count(*) FROM outrun) AS first
CROSS JOIN generate_series(1, $1::int)

-- name: settle
-- Keeps what was said last of statements.
UPDATE interaction
SET links = said.links, emitted = said.emitted, revision = said.revision, copy_of = said.copy_of
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bigint[], $5::uuid[])
    AS said (statement_id, links, emitted, revision, copy_of)
WHERE interaction.statement_id = said.statement_id

-- name: digest_rows
-- Returns what is known, row by row in one order, whatever the database sorts text by, without revisions, places in the record and
-- times of bookkeeping.
SELECT name, line
FROM (
    SELECT 'interaction' AS name, jsonb_build_array(
        statement_id, happened, verb, actor, object, object_type, makes_object, parent, threads, courses, target, team, urls,
        qualifier, voided, redacted, convert_from(links, 'UTF8'), copy_of
    )::text AS line
    FROM interaction
    UNION ALL
    SELECT 'wording', jsonb_build_array(statement_id, object, happened, signature)::text FROM wording
    UNION ALL
    SELECT 'wording_band', jsonb_build_array(band, happened, statement_id)::text FROM wording_band
    UNION ALL
    SELECT 'learner', jsonb_build_array(id, external_id, name, email_sha1)::text FROM learner
    UNION ALL
    SELECT 'alias', jsonb_build_array(ifi, learner)::text FROM alias
) AS rows
ORDER BY name, line COLLATE "C"

-- name: forget
-- Empties what a replay makes again. People, courses, enrolments and identities stay, and the revisions go on rising.
TRUNCATE wording_band, wording, interaction_anchor, interaction

-- name: outrun_revisions
-- Takes the revisions far beyond all that were told, also where a backup was put back that knows of fewer than the log does.
SELECT outrun_revisions()
