-- What failed, and what was given up, is looked for every second among hundreds of thousands of lookups that only wait: each is found
-- without a look at those. While these are made, what is named meanwhile waits in the log; no door does.
CREATE INDEX lookup_failing ON lookup (source, failures, due) WHERE state = 'waiting' AND last_failure IS NOT NULL;
CREATE INDEX lookup_given_up ON lookup (source, failures, due) WHERE state = 'given-up';

-- As before, each number from an index.
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
    (SELECT count(*) FROM lookup WHERE lookup.source = source.id AND lookup.state = 'waiting') AS waiting,
    (SELECT count(*) FROM lookup WHERE lookup.source = source.id AND lookup.state = 'given-up') AS given_up,
    asked.failures,
    coalesce(asked.last_failure, named.last_failure) AS last_failure,
    asked.succeeded_at,
    coalesce(
        (
            SELECT max(lookup.failures) FROM lookup
            WHERE lookup.source = source.id AND lookup.state = 'waiting' AND lookup.last_failure IS NOT NULL
        ),
        0
    ) AS lookup_failures
FROM source
LEFT JOIN heard ON heard.source = source.id
LEFT JOIN LATERAL (
    (
        SELECT lookup.failures, lookup.due, lookup.last_failure FROM lookup
        WHERE lookup.source = source.id AND lookup.state = 'waiting' AND lookup.last_failure IS NOT NULL
        ORDER BY lookup.failures DESC, lookup.due DESC
        LIMIT 1
    )
    UNION ALL
    (
        SELECT lookup.failures, lookup.due, lookup.last_failure FROM lookup
        WHERE lookup.source = source.id AND lookup.state = 'given-up'
        ORDER BY lookup.failures DESC, lookup.due DESC
        LIMIT 1
    )
    ORDER BY failures DESC, due DESC
    LIMIT 1
) AS named ON true
CROSS JOIN LATERAL (
    SELECT
        coalesce(max(poll.failures), 0) AS failures,
        (array_agg(poll.last_failure ORDER BY poll.failures DESC, poll.name)
         FILTER (WHERE poll.last_failure IS NOT NULL))[1] AS last_failure,
        min(poll.succeeded_at) AS succeeded_at
    FROM poll
    WHERE poll.source = source.id
) AS asked;
