-- copy_of: the statement that had the text before, which the contribution only repeats (it has no weight), or which the artefact that
-- was received repeats (its author is the beneficiary).
ALTER TABLE fact ADD COLUMN copy_of uuid;
ALTER TABLE fact DROP CONSTRAINT fact_weight_micro_check;
ALTER TABLE fact ADD CONSTRAINT fact_weight_micro_check
    CHECK (weight_micro > 0 OR (weight_micro = 0 AND copy_of IS NOT NULL AND NOT counted)) NOT VALID;

DROP FUNCTION explanation (uuid, timestamptz);

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
    informal boolean,
    copy_of uuid
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
        totalled.kappa_micro = 0,
        totalled.copy_of
    FROM totalled;
END;
