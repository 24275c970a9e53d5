-- name: share_objections
-- Holds back objections until this transaction ends, so that what is read of them stays true. A statement of its own: what
-- follows must see what was committed before the lock was had.
SELECT pg_advisory_xact_lock_shared(hashtextextended('impact.objection', 0));

-- name: hold_objections
-- Waits until nobody scores, and holds back scoring until this transaction ends. A statement of its own, like share_objections.
SELECT pg_advisory_xact_lock(hashtextextended('impact.objection', 0));

-- name: advance_revisions
-- Notes the revisions that are newer than what was applied and returns their statements; known: one was applied before
-- (an inserted row has no xmax).
INSERT INTO statement_revision AS kept (statement_id, revision)
SELECT statement_id, revision
FROM unnest($1::uuid[], $2::bigint[]) AS new (statement_id, revision)
ORDER BY statement_id
ON CONFLICT (statement_id) DO UPDATE SET revision = excluded.revision WHERE kept.revision < excluded.revision
RETURNING statement_id, xmax <> 0 AS known;

-- name: lock_artefacts
-- Locks the rows of the artefacts given and of those that the statements given touched before, in order of their keys. DO UPDATE
-- WHERE false locks a row and leaves it as it is. A statement of its own: what follows must see what others committed.
INSERT INTO artefact (key)
SELECT key
FROM (
    SELECT unnest($1::uuid[]) AS key
    UNION
    SELECT artefact FROM receipt WHERE statement_id = ANY ($2::uuid[])
    UNION
    SELECT artefact FROM fact WHERE statement_id = ANY ($2::uuid[])
) AS touched
ORDER BY key
ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE false;

-- name: objecting
-- Returns who of the learners given objects to being scored.
SELECT learner FROM objection WHERE objects AND learner = ANY ($1::uuid[]);

-- name: take_facts
-- Deletes the facts of the statements given and returns what cells need of them.
DELETE FROM fact WHERE statement_id = ANY ($1::uuid[])
RETURNING beneficiary, actor, dimension, week, weight_micro, grounded_micro, counted;

-- name: take_receipts
-- Deletes the receipts of the statements given and returns of which artefacts.
DELETE FROM receipt WHERE statement_id = ANY ($1::uuid[])
RETURNING artefact;

-- name: add_receipts
-- Inserts receipts.
INSERT INTO receipt (statement_id, artefact, actor, grounded)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::boolean[]);

-- name: add_facts
-- Inserts facts made by the rules of version $1.
INSERT INTO fact (
    rules_version, statement_id, dimension, beneficiary, actor, artefact, object, week, weight_micro, kappa_micro,
    grounded_micro, counted, course, method, evidence, copy_of
)
SELECT $1, new.*
FROM unnest(
    $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::integer[], $9::bigint[], $10::bigint[],
    $11::bigint[], $12::boolean[], $13::text[], $14::text[], $15::text[], $16::uuid[]
) AS new;

-- name: recount
-- Turns over the contributions to the artefacts given that now count and did not, or did and no longer do: one counts while a
-- grounded learner other than its beneficiary received the artefact, and a copy never does. Returns what cells need of them, as they
-- are now. The first and the last who received it, in the order of the index, say that for all its contributions: to look among the
-- receipts for each of them took as long as their product, where somebody wrote to one thing ten thousand times.
WITH received AS MATERIALIZED (
    SELECT
        given.artefact,
        (SELECT actor FROM receipt WHERE receipt.artefact = given.artefact AND grounded ORDER BY actor LIMIT 1) AS first,
        (SELECT actor FROM receipt WHERE receipt.artefact = given.artefact AND grounded ORDER BY actor DESC LIMIT 1) AS last
    FROM unnest($1::uuid[]) AS given (artefact)
)
UPDATE fact SET counted = NOT counted
FROM received
WHERE dimension = 'contribution'
  AND copy_of IS NULL
  AND fact.artefact = received.artefact
  AND counted <> coalesce(received.first <> beneficiary OR received.last <> beneficiary, false)
RETURNING beneficiary, actor, dimension, week, weight_micro, grounded_micro, counted;

-- name: add_to_cells
-- Adds differences, which come sorted by key, to cells; both commute, so batches may come in any order.
INSERT INTO cell AS kept (beneficiary, actor, dimension, week, weight_micro, grounded_micro)
SELECT *
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::bigint[], $6::bigint[])
    AS new (beneficiary, actor, dimension, week, weight_micro, grounded_micro)
ORDER BY beneficiary, actor, dimension, week
ON CONFLICT (beneficiary, actor, dimension, week) DO UPDATE
SET weight_micro = kept.weight_micro + excluded.weight_micro, grounded_micro = kept.grounded_micro + excluded.grounded_micro;

-- name: drop_empty_cells
-- Deletes those of the cells given (rows this transaction holds) that sum no fact any more. Each is looked up by its key (OFFSET 0):
-- PostgreSQL has never seen a cell that is empty, takes their number for one, and would compare each of many with each that is given.
DELETE FROM cell
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[]) AS touched (beneficiary, actor, dimension, week)
    CROSS JOIN LATERAL (
        SELECT cell.ctid AS place, cell.weight_micro
        FROM cell
        WHERE cell.beneficiary = touched.beneficiary
          AND cell.actor = touched.actor
          AND cell.dimension = touched.dimension
          AND cell.week = touched.week
        OFFSET 0
    ) AS found
    WHERE found.weight_micro = 0
));

-- name: note_changes
-- Says that this transaction changed the facts of the learners given.
INSERT INTO learner_change (learner, changed_xid)
SELECT learner, pg_current_xact_id()
FROM unnest($1::uuid[]) AS changed (learner)
ORDER BY learner
ON CONFLICT (learner) DO UPDATE SET changed_xid = excluded.changed_xid;

-- name: keep_objections
-- Keeps the newest word of each learner and returns those that are news; of two words at one time the objection holds.
INSERT INTO objection AS kept (learner, objects, at)
SELECT learner, objects, at
FROM unnest($1::uuid[], $2::boolean[], $3::timestamptz[]) AS new (learner, objects, at)
ORDER BY learner
ON CONFLICT (learner) DO UPDATE SET objects = excluded.objects, at = excluded.at
WHERE (kept.at, kept.objects) < (excluded.at, excluded.objects)
RETURNING learner, objects;

-- name: inherited
-- Returns the newest objection of whom ($1) each of the learners $2 was before, where they have said nothing since.
SELECT were.learner, true AS objects, max(before.at) AS at
FROM unnest($1::uuid[], $2::uuid[]) AS were (before, learner)
JOIN objection AS before ON before.learner = were.before AND before.objects
LEFT JOIN objection AS kept ON kept.learner = were.learner
WHERE kept.at IS NULL OR kept.at < before.at
GROUP BY were.learner;

-- name: take_receipts_of
-- Deletes what the learners given received and returns by which statements, and of which artefacts.
DELETE FROM receipt WHERE actor = ANY ($1::uuid[])
RETURNING statement_id, artefact;

-- name: statements_for
-- Returns the statements by which there are facts for the learners given.
SELECT DISTINCT statement_id FROM fact WHERE beneficiary = ANY ($1::uuid[]);

-- name: take_facts_of
-- Deletes the facts by the statements given ($2) that are for the learners given ($1), or were caused by them; returns what cells need
-- of them. Joined: a list of statements in a condition is gone through for each fact, unless PostgreSQL makes a plan for this one list.
DELETE FROM fact
USING unnest($2::uuid[]) AS touched (statement_id)
WHERE fact.statement_id = touched.statement_id AND (beneficiary = ANY ($1::uuid[]) OR actor = ANY ($1::uuid[]))
RETURNING beneficiary, actor, dimension, week, weight_micro, grounded_micro, counted;

-- name: current_rules
-- Returns the version of the rules that the facts were made by.
SELECT version FROM rules WHERE current;

-- name: retire_rules
-- Leaves no rules current.
UPDATE rules SET current = false WHERE current;

-- name: adopt_rules
-- Makes the rules of version $1, written down in $2, the current ones.
INSERT INTO rules (version, definition, current) VALUES ($1, $2, true)
ON CONFLICT (version) DO UPDATE SET current = true;

-- name: note_everyone_changed
-- Says that this transaction changed the facts of every learner who ever had any.
UPDATE learner_change SET changed_xid = pg_current_xact_id();

-- name: forget
-- Empties everything that a replay makes again. Objections stay, and so do the marks by which others learn what changed.
TRUNCATE fact, cell, receipt, artefact, statement_revision;

-- name: digest_rows
-- Returns every row of facts, cells and receipts as text, in an order that does not depend on how they came to be.
SELECT name, line
FROM (
    SELECT 'fact' AS name, fact::text AS line FROM fact
    UNION ALL
    SELECT 'cell', cell::text FROM cell
    UNION ALL
    SELECT 'receipt', receipt::text FROM receipt
) AS rows
ORDER BY name, line COLLATE "C";

-- name: impact_of
-- Returns the impact of the learner $1 at $2.
SELECT * FROM learner_impact($1, $2);

-- name: explanation_of
-- Returns every fact of the learner $1 with its credit at $2, the largest first.
SELECT * FROM explanation($1, $2) ORDER BY credit DESC, age_weeks, statement_id, dimension;
