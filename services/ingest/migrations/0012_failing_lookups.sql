-- What is named by id is tried for a week: what fails meanwhile is not given up, and operators hear of it all the same.
CREATE OR REPLACE VIEW source_shown AS
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
    asked.succeeded_at,
    named.failures AS lookup_failures
FROM source
LEFT JOIN heard ON heard.source = source.id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE lookup.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE lookup.state = 'given-up') AS given_up,
        (array_agg(lookup.last_failure ORDER BY lookup.failures DESC, lookup.key)
         FILTER (WHERE lookup.last_failure IS NOT NULL))[1] AS last_failure,
        coalesce(max(lookup.failures) FILTER (WHERE lookup.state = 'waiting'), 0) AS failures
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
