-- name: server
-- What kind of server answers: its version, whether it takes writes, which settings lose what it committed when it crashes, its time,
-- and how many connections it has and may have.
SELECT
    current_setting('server_version_num')::integer / 10000 AS major,
    current_setting('server_version') AS version,
    pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS reads_only,
    ARRAY(
        SELECT name FROM unnest('{fsync,full_page_writes,synchronous_commit}'::text[]) AS name WHERE current_setting(name) = 'off'
    ) AS switched_off,
    clock_timestamp() AS now,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::integer AS most_connections

-- name: roles
-- For each role that should be there ($1), and its schema ($2): whether it is, whether we may do what it may, and whether the schema is
-- ours anyway.
SELECT
    wanted.name,
    role.oid IS NOT NULL AS there,
    coalesce(pg_has_role(current_user, role.oid, 'USAGE'), false) AS ours,
    coalesce(pg_has_role(current_user, place.nspowner, 'USAGE'), false) AS owned
FROM unnest($1::text[], $2::text[]) AS wanted (name, place)
LEFT JOIN pg_roles AS role ON role.rolname = wanted.name
LEFT JOIN pg_namespace AS place ON place.nspname = wanted.place
ORDER BY wanted.name

-- name: unfinished_erasures
-- How many erasures began more than an hour ago and are not done.
SELECT count(*) FROM erasure WHERE finished_at IS NULL AND erased_at < clock_timestamp() - interval '1 hour'

-- name: postponed_jobs
-- How many jobs of relinking met a bug, and what the one met that has failed most often: how often it did, why, and when it is tried again.
SELECT count(*) OVER () AS postponed, failures, last_failure, retry_at
FROM relink
WHERE failures > 0
ORDER BY failures DESC, id
LIMIT 1

-- name: overdue
-- How many interactions should have been told five minutes before $1 and were not.
SELECT count(*) FROM pending WHERE due < $1::timestamptz - interval '5 minutes'
