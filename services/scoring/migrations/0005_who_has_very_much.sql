-- What reading costs of people with very many facts.

-- Without STRICT, which LEAST and GREATEST are not: so PostgreSQL puts the body in the place of each call, which else takes ten times
-- as long as all the rest. What is left of a week's weight at a later week: half after 13 weeks. A week to come is whole; what is
-- older than 75 years (300 half-lives) fades no more, for the sake of double precision. Neither argument is ever null.
CREATE OR REPLACE FUNCTION decay(week integer, now_week integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN power(2::double precision, -least(greatest(now_week - week, 0), 3900) / 13::double precision);

-- Facts are counted, and those of kappa 0 among them, without a look at their rows.
CREATE INDEX fact_beneficiary_kappa ON fact (beneficiary, kappa_micro);
DROP INDEX fact_beneficiary;

-- Every fact with the credit that it has in the impact: a pair's amount, and a week's, is split over its facts in proportion to
-- their faded weight times kappa (Aumann and Shapley), so the credits of a learner sum to the impact. What there is to split comes
-- from the cells, summed as learner_impact does: no fact waits for the others, and equal tables give equal bits.
CREATE OR REPLACE FUNCTION explanation(person uuid, at timestamptz)
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
    informal boolean,
    copy_of uuid
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH pair AS (
        SELECT
            cell.actor,
            sum(cell.grounded_micro / 1e6::double precision * decay(cell.week, week_of(at)) ORDER BY cell.week) AS amount
        FROM cell
        WHERE cell.beneficiary = person AND cell.dimension = 'reception'
        GROUP BY cell.actor
    ),
    contributed AS (
        SELECT cell.week, cell.grounded_micro / 1e6::double precision AS amount
        FROM cell
        WHERE cell.beneficiary = person AND cell.actor = person AND cell.dimension = 'contribution'
    ),
    faded AS (
        SELECT
            fact.*,
            CASE WHEN fact.counted THEN fact.grounded_micro / 1e6::double precision ELSE 0 END AS grounded,
            decay(fact.week, week_of(at)) AS decay
        FROM fact
        WHERE fact.beneficiary = person
    )
    SELECT
        faded.statement_id,
        faded.dimension,
        nullif(faded.actor, person),
        faded.object,
        faded.course,
        faded.method,
        faded.evidence,
        faded.weight_micro / 1e6::double precision,
        faded.kappa_micro / 1e6::double precision,
        greatest(week_of(at) - faded.week, 0),
        CASE
            WHEN faded.grounded = 0 THEN 0
            WHEN faded.dimension = 'reception'
                THEN least(sqrt(pair.amount), 3) * (faded.grounded * faded.decay / pair.amount)
            ELSE power(contributed.amount, 0.7) * faded.decay * (faded.grounded / contributed.amount)
        END,
        faded.counted,
        faded.kappa_micro = 0,
        faded.copy_of
    FROM faded
    LEFT JOIN pair ON faded.dimension = 'reception' AND pair.actor = faded.actor
    LEFT JOIN contributed ON faded.dimension = 'contribution' AND contributed.week = faded.week;
END;

-- One row for every learner, also for one without facts (zeros, and no grounding). Of a week's cells only their sum, which is of
-- integers, is needed for the grounding: to fade and sort each of them takes as long as all the rest.
CREATE OR REPLACE FUNCTION learner_impact(person uuid, at timestamptz)
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
    WITH theirs AS (
        SELECT
            cell.actor,
            cell.dimension,
            cell.week,
            cell.weight_micro,
            cell.grounded_micro,
            cell.grounded_micro / 1e6::double precision AS grounded
        FROM cell
        WHERE cell.beneficiary = person
    ),
    pair AS (
        SELECT
            theirs.actor,
            least(sqrt(sum(theirs.grounded * decay(theirs.week, week_of(at)) ORDER BY theirs.week)), 3) AS amount
        FROM theirs
        WHERE theirs.dimension = 'reception'
        GROUP BY theirs.actor
    ),
    received AS (
        SELECT coalesce(sum(pair.amount ORDER BY pair.actor), 0) AS amount FROM pair
    ),
    contributed AS (
        SELECT coalesce(sum(power(theirs.grounded, 0.7) * decay(theirs.week, week_of(at)) ORDER BY theirs.week), 0) AS amount
        FROM theirs
        WHERE theirs.dimension = 'contribution'
    ),
    weekly AS (
        SELECT
            theirs.week,
            sum(theirs.weight_micro)::double precision AS weight,
            sum(theirs.grounded_micro)::double precision AS grounded,
            decay(theirs.week, week_of(at)) AS decay
        FROM theirs
        GROUP BY theirs.week
    ),
    ground AS (
        SELECT
            sum(weekly.grounded * weekly.decay ORDER BY weekly.week)
            / sum(weekly.weight * weekly.decay ORDER BY weekly.week) AS share
        FROM weekly
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
