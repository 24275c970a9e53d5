-- When something genuine was heard of a source last. Its own table: the row of a source is what an operator set.
CREATE TABLE heard (
    source text PRIMARY KEY REFERENCES source ON DELETE CASCADE,
    last_event_at timestamptz NOT NULL
);

-- What was heard of a source in each span of ten minutes, by reason; of lags the reason is the seconds within which they were.
CREATE TABLE tally (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    span timestamptz NOT NULL,
    what text NOT NULL,
    reason text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (source, span, what, reason)
);
CREATE INDEX tally_span ON tally (span);

-- The contract for the gateway: what operators see of the sources, without their secrets and options. Two views, and a function
-- over them that reads with its caller's rights; its body is bound when it is created.
CREATE VIEW source_shown AS
SELECT
    source.id AS source,
    source.platform,
    source.workspace,
    source.state,
    source.hearing,
    source.channels,
    source.private,
    source.direct,
    cardinality(source.excluded) AS excluded,
    source.created_at,
    heard.last_event_at,
    named.waiting,
    named.given_up,
    asked.failures,
    coalesce(asked.last_failure, named.last_failure) AS last_failure,
    asked.succeeded_at
FROM source
LEFT JOIN heard ON heard.source = source.id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE lookup.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE lookup.state = 'given-up') AS given_up,
        (array_agg(lookup.last_failure ORDER BY lookup.failures DESC, lookup.key)
         FILTER (WHERE lookup.last_failure IS NOT NULL))[1] AS last_failure
    FROM lookup
    WHERE lookup.source = source.id
) AS named
CROSS JOIN LATERAL (
    SELECT
        coalesce(max(poll.failures), 0) AS failures,
        (array_agg(poll.last_failure ORDER BY poll.failures DESC, poll.name)
         FILTER (WHERE poll.last_failure IS NOT NULL))[1] AS last_failure,
        min(poll.succeeded_at) AS succeeded_at
    FROM poll
    WHERE poll.source = source.id
) AS asked;

CREATE VIEW source_tally AS
SELECT tally.source, tally.span, tally.what, tally.reason, tally.number FROM tally;

-- One row for each source that something was counted of in the day before *at*: numbers of the last hour, give or take a span,
-- and of the day; and the seconds within which half, and 19 of 20, of the day's statements were in the log.
CREATE FUNCTION source_numbers(at timestamptz)
RETURNS TABLE (
    source text,
    events_hour bigint,
    events_day bigint,
    statements_hour bigint,
    statements_day bigint,
    ignored jsonb,
    refused jsonb,
    lag_half double precision,
    lag_most double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH day AS (
        SELECT counted.source, counted.span, counted.what, counted.reason, counted.number
        FROM source_tally AS counted
        WHERE counted.span > at - interval '1 day' AND counted.span <= at
    ),
    totals AS (
        SELECT
            day.source,
            sum(day.number) FILTER (WHERE day.what = 'event' AND day.span > at - interval '1 hour') AS events_hour,
            sum(day.number) FILTER (WHERE day.what = 'event') AS events_day,
            sum(day.number) FILTER (WHERE day.what = 'lag' AND day.span > at - interval '1 hour') AS statements_hour,
            sum(day.number) FILTER (WHERE day.what = 'lag') AS statements_day
        FROM day
        GROUP BY day.source
    ),
    reasons AS (
        SELECT day.source, day.what, day.reason, sum(day.number) AS number
        FROM day
        GROUP BY day.source, day.what, day.reason
    ),
    why AS (
        SELECT
            reasons.source,
            jsonb_object_agg(reasons.reason, reasons.number) FILTER (WHERE reasons.what = 'ignored') AS ignored,
            jsonb_object_agg(reasons.reason, reasons.number) FILTER (WHERE reasons.what = 'refused') AS refused
        FROM reasons
        GROUP BY reasons.source
    ),
    within AS (
        SELECT
            reasons.source,
            reasons.reason::double precision AS seconds,
            sum(reasons.number) OVER (PARTITION BY reasons.source ORDER BY reasons.reason::double precision) AS upto,
            sum(reasons.number) OVER (PARTITION BY reasons.source) AS total
        FROM reasons
        WHERE reasons.what = 'lag'
    ),
    lags AS (
        SELECT
            within.source,
            min(within.seconds) FILTER (WHERE within.upto >= 0.5 * within.total) AS half,
            min(within.seconds) FILTER (WHERE within.upto >= 0.95 * within.total) AS most
        FROM within
        GROUP BY within.source
    )
    SELECT
        totals.source,
        coalesce(totals.events_hour, 0)::bigint,
        coalesce(totals.events_day, 0)::bigint,
        coalesce(totals.statements_hour, 0)::bigint,
        coalesce(totals.statements_day, 0)::bigint,
        coalesce(why.ignored, '{}'),
        coalesce(why.refused, '{}'),
        lags.half,
        lags.most
    FROM totals
    LEFT JOIN why ON why.source = totals.source
    LEFT JOIN lags ON lags.source = totals.source;
END;
