-- name: know_sessions
-- Knows each session; what is known of it stays.
INSERT INTO session (source, native, iri, place, place_iri, place_type)
SELECT $1, known.*
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS known
ON CONFLICT (source, native) DO NOTHING

-- name: hold_sessions
-- Holds sessions as they are until the transaction ends, beside others who hold them: whoever ends one waits, and sees what was seen.
SELECT native FROM session WHERE source = $1 AND native = ANY ($2::text[]) ORDER BY native FOR SHARE

-- name: end_sessions
-- Ends sessions, no earlier than is known so far; returns those whose end is news.
UPDATE session
SET ended_at = ended.at
FROM (SELECT native, max(at) AS at FROM unnest($2::text[], $3::timestamptz[]) AS told (native, at) GROUP BY native) AS ended
WHERE session.source = $1 AND session.native = ended.native AND (session.ended_at IS NULL OR session.ended_at < ended.at)
RETURNING session.native

-- name: merge_presences
-- Knows of each presence whose it is, the earliest beginning and the latest end; returns whose are no longer what they were.
INSERT INTO presence AS known (source, session, name, actor, joined_at, left_at)
SELECT $1, session, name, max(actor), min(joined_at), max(left_at)
FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    AS seen (session, name, actor, joined_at, left_at)
GROUP BY session, name
ORDER BY session, name
ON CONFLICT (source, session, name) DO UPDATE SET
    actor = coalesce(known.actor, excluded.actor),
    joined_at = least(known.joined_at, excluded.joined_at),
    left_at = greatest(known.left_at, excluded.left_at)
WHERE (known.joined_at, known.left_at)
    IS DISTINCT FROM (least(known.joined_at, excluded.joined_at), greatest(known.left_at, excluded.left_at))
RETURNING session, actor

-- name: await_attendances
-- Looks at attendances again: at $4 if nothing more is expected, since the session is over and nobody's end is missing; at $5 if it
-- is over, and at $6 if it is not, as far as is known.
INSERT INTO attendance (source, session, actor, due)
SELECT $1, seen.session, seen.actor, CASE
    WHEN session.ended_at IS NULL THEN $6::timestamptz
    WHEN EXISTS (
        SELECT FROM presence
        WHERE presence.source = $1 AND presence.session = seen.session AND presence.actor = seen.actor AND left_at IS NULL)
    THEN $5::timestamptz
    ELSE $4::timestamptz END
FROM unnest($2::text[], $3::text[]) AS seen (session, actor)
JOIN session ON session.source = $1 AND session.native = seen.session
ON CONFLICT (source, session, actor) DO UPDATE SET due = excluded.due

-- name: await_ended_attendances
-- Looks again at the attendances of sessions that ended just now: at $3, or at $4 at those of whom nobody saw leave.
UPDATE attendance
SET due = CASE WHEN EXISTS (
    SELECT FROM presence
    WHERE presence.source = attendance.source AND presence.session = attendance.session
      AND presence.actor = attendance.actor AND presence.left_at IS NULL)
    THEN $4::timestamptz ELSE $3::timestamptz END
WHERE source = $1 AND session = ANY ($2::text[])

-- name: due_attendances
-- Locks attendances that are due, skipping what a delivery changes or another process derives at this moment.
SELECT source, session, actor, told
FROM attendance
WHERE due <= $1
ORDER BY due
LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: presences_of
-- Returns what is known of these attendances: all presences, with the session and its place.
SELECT presence.source, presence.session, presence.actor, name, joined_at, left_at, ended_at, iri, place, place_iri, place_type
FROM unnest($1::text[], $2::text[], $3::text[]) AS due (source, session, actor)
JOIN presence USING (source, session, actor)
JOIN session ON session.source = presence.source AND session.native = presence.session
ORDER BY presence.source, presence.session, presence.actor, name

-- name: tell_attendances
-- Remembers which revision of each attendance is told; they are looked at again when they change.
UPDATE attendance
SET told = news.told, due = NULL
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS news (source, session, actor, told)
WHERE attendance.source = news.source AND attendance.session = news.session AND attendance.actor = news.actor

-- name: seen_of
-- How many sessions the accounts $2 of the sources $1 were seen in, pair by pair.
SELECT count(*) FROM unnest($1::text[], $2::text[]) AS erased (source, actor) JOIN attendance USING (source, actor)

-- name: forget_presences
-- Forgets that the accounts $2 of the sources $1 were anywhere.
DELETE FROM presence
USING unnest($1::text[], $2::text[]) AS erased (source, actor)
WHERE presence.source = erased.source AND presence.actor = erased.actor

-- name: forget_attendances
-- Forgets what was told of where the accounts $2 of the sources $1 were.
DELETE FROM attendance
USING unnest($1::text[], $2::text[]) AS erased (source, actor)
WHERE attendance.source = erased.source AND attendance.actor = erased.actor
