-- The contract for others: learner_impact, explanation and change. Their bodies are bound when they are created, so callers
-- need no search path. Sums are taken in a fixed order, so that equal tables give equal bits.

-- Whole weeks since Monday 1970-01-05, UTC.
CREATE FUNCTION week_of(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor((extract(epoch FROM moment) - 345600) / 604800)::integer;

-- What is left of a week's weight at a later week: half after 13 weeks. A week to come is whole; what is older than 75 years
-- (300 half-lives) fades no more, for the sake of double precision.
CREATE FUNCTION decay(week integer, now_week integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN power(2::double precision, -least(greatest(now_week - week, 0), 3900) / 13::double precision);

-- One row for every learner, also for one without facts (zeros, and no grounding).
CREATE FUNCTION learner_impact(person uuid, at timestamptz)
RETURNS TABLE (
    learner uuid,
    reception double precision,
    contribution double precision,
    grounding double precision,
    impact double precision,
    facts bigint,
    informal bigint,
    rules_version text,
    as_of timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH faded AS (
        SELECT
            cell.actor,
            cell.dimension,
            cell.week,
            cell.weight_micro / 1e6::double precision AS weight,
            cell.grounded_micro / 1e6::double precision AS grounded,
            decay(cell.week, week_of(at)) AS decay
        FROM cell
        WHERE cell.beneficiary = person
    ),
    pair AS (
        SELECT faded.actor, least(sqrt(sum(faded.grounded * faded.decay ORDER BY faded.week)), 3) AS amount
        FROM faded
        WHERE faded.dimension = 'reception'
        GROUP BY faded.actor
    ),
    received AS (
        SELECT coalesce(sum(pair.amount ORDER BY pair.actor), 0) AS amount FROM pair
    ),
    contributed AS (
        SELECT coalesce(sum(power(faded.grounded, 0.7) * faded.decay ORDER BY faded.week), 0) AS amount
        FROM faded
        WHERE faded.dimension = 'contribution'
    ),
    ground AS (
        SELECT
            sum(faded.grounded * faded.decay ORDER BY faded.dimension, faded.week, faded.actor)
            / sum(faded.weight * faded.decay ORDER BY faded.dimension, faded.week, faded.actor) AS share
        FROM faded
    ),
    evidence AS (
        SELECT count(*) AS facts, count(*) FILTER (WHERE fact.kappa_micro = 0) AS informal
        FROM fact
        WHERE fact.beneficiary = person
    )
    SELECT
        person,
        received.amount,
        contributed.amount,
        ground.share,
        received.amount + contributed.amount,
        evidence.facts,
        evidence.informal,
        (SELECT rules.version FROM rules WHERE rules.current),
        at
    FROM received, contributed, ground, evidence;
END;

-- Every fact with the credit that it has in the impact: a pair's amount, and a week's, is split over its facts in proportion to
-- their faded weight times kappa (Aumann and Shapley), so the credits of a learner sum to the impact.
CREATE FUNCTION explanation(person uuid, at timestamptz)
RETURNS TABLE (
    statement_id uuid,
    dimension text,
    peer uuid,
    object text,
    course text,
    method text,
    evidence text,
    weight double precision,
    kappa double precision,
    age_weeks integer,
    credit double precision,
    counted boolean,
    informal boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH faded AS (
        SELECT
            fact.*,
            CASE WHEN fact.counted THEN fact.grounded_micro / 1e6::double precision ELSE 0 END AS grounded,
            decay(fact.week, week_of(at)) AS decay
        FROM fact
        WHERE fact.beneficiary = person
    ),
    totalled AS (
        SELECT
            faded.*,
            sum(faded.grounded * faded.decay) OVER (PARTITION BY faded.dimension, faded.actor) AS of_peer,
            sum(faded.grounded) OVER (PARTITION BY faded.dimension, faded.week) AS of_week
        FROM faded
    )
    SELECT
        totalled.statement_id,
        totalled.dimension,
        nullif(totalled.actor, person),
        totalled.object,
        totalled.course,
        totalled.method,
        totalled.evidence,
        totalled.weight_micro / 1e6::double precision,
        totalled.kappa_micro / 1e6::double precision,
        greatest(week_of(at) - totalled.week, 0),
        CASE
            WHEN totalled.grounded = 0 THEN 0
            WHEN totalled.dimension = 'reception'
                THEN least(sqrt(totalled.of_peer), 3) * (totalled.grounded * totalled.decay / totalled.of_peer)
            ELSE power(totalled.of_week, 0.7) * totalled.decay * (totalled.grounded / totalled.of_week)
        END,
        totalled.counted,
        totalled.kappa_micro = 0
    FROM totalled;
END;

-- Whose impact changed, in an order in which no change can appear behind a reader: only transactions that ended before every
-- one still running. Page by (changed_xid, learner); deleted: the learner has no facts any more.
CREATE VIEW change AS
SELECT
    learner_change.learner,
    learner_change.changed_xid,
    NOT EXISTS (SELECT FROM fact WHERE fact.beneficiary = learner_change.learner) AS deleted
FROM learner_change
WHERE learner_change.changed_xid < pg_snapshot_xmin(pg_current_snapshot());
