-- name: learner_by_id
-- Returns the learner with the id given, if there is one.
SELECT learner FROM records.learner_profile WHERE learner = $1::uuid;

-- name: learner_by_reference
-- Returns the learner whom a reference of the kind given leads to, if there is one.
SELECT learner FROM records.learner_reference WHERE kind = $1 AND value = $2;

-- name: impact
-- Returns the impact at $4 of the learner with the id $1, or whom the reference of kind $2 and value $3 leads to, and writes down who
-- ($6) asked for it at $5 and what for ($7), in one round trip; no row for one who has no facts, objects, or is unknown.
WITH known AS (
    SELECT learner FROM records.learner_profile WHERE learner = $1::uuid
    UNION ALL
    SELECT learner FROM records.learner_reference WHERE kind = $2::text AND value = $3::text
    LIMIT 1
), scored AS MATERIALIZED (
    SELECT told.* FROM known CROSS JOIN LATERAL impact.learner_impact(known.learner, $4) AS told WHERE told.facts > 0
), noted AS (
    INSERT INTO audit (at, key_id, action, purpose, learner, learners)
    SELECT $5::timestamptz, $6::text, 'impact', $7::text, (SELECT learner FROM known), (SELECT count(*) FROM scored)
)
SELECT * FROM scored;

-- name: explanation
-- Returns the facts of a learner with their credits, largest first, those behind the place ($4, $5, $6, $7) where there is one, $3 at
-- most, each beside the learner's impact: one snapshot. Of who has facts, but none behind the place, one row without a fact.
WITH page AS (
    SELECT *
    FROM impact.explanation($1, $2)
    WHERE $4::double precision IS NULL
       OR (-credit, age_weeks, statement_id, dimension) > (-$4::double precision, $5::integer, $6::uuid, $7::text)
    ORDER BY credit DESC, age_weeks, statement_id, dimension
    LIMIT $3
)
SELECT
    scored.learner, scored.reception, scored.contribution, scored.grounding, scored.impact, scored.facts, scored.informal,
    scored.rules_version, scored.as_of, fact.statement_id, fact.dimension, fact.peer, fact.object, fact.course,
    titled.title AS course_title, fact.method, fact.evidence, fact.weight, fact.kappa, fact.age_weeks, fact.credit,
    fact.counted, fact.informal AS fact_informal, fact.copy_of
FROM impact.learner_impact($1, $2) AS scored
LEFT JOIN page AS fact ON true
LEFT JOIN records.course_title AS titled ON titled.course = fact.course
WHERE scored.facts > 0
ORDER BY fact.credit DESC, fact.age_weeks, fact.statement_id, fact.dimension;

-- name: changes
-- Returns the learners whose facts changed beyond the place ($1, $2), $3 at most, in commit order, with their impact at $4;
-- one whose facts are gone comes as deleted, without numbers.
SELECT
    changed.changed_xid::text AS changed_xid, changed.learner, changed.deleted, profile.external_id, scored.reception,
    scored.contribution, scored.grounding, scored.impact, scored.facts, scored.informal, scored.rules_version, scored.as_of
FROM (
    SELECT *
    FROM impact.change
    WHERE (changed_xid, learner) > ($1::text::xid8, $2::uuid)
    ORDER BY changed_xid, learner
    LIMIT $3
) AS changed
LEFT JOIN records.learner_profile AS profile ON profile.learner = changed.learner
LEFT JOIN LATERAL impact.learner_impact(changed.learner, $4) AS scored ON NOT changed.deleted
ORDER BY changed.changed_xid, changed.learner;

-- name: current_history
-- Names the history that transaction ids are of here.
SELECT impact.current_history();

-- name: audit
-- Writes down who asked, for what, about whom, and how many learners the answer tells of.
INSERT INTO audit (at, key_id, action, purpose, learner, learners) VALUES ($1, $2, $3, $4, $5, $6);
