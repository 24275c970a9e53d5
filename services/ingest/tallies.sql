-- name: add_tallies
-- Adds to what is counted; what was counted of a source that is removed is dropped.
INSERT INTO tally (source, span, what, reason, number)
SELECT counted.source, counted.span, counted.what, counted.reason, counted.number
FROM (SELECT id FROM source WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE) AS known
JOIN unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[]) AS counted (source, span, what, reason, number)
    ON counted.source = known.id
ORDER BY counted.source, counted.span, counted.what, counted.reason
ON CONFLICT (source, span, what, reason) DO UPDATE SET number = tally.number + excluded.number

-- name: note_heard
-- Remembers when a source was heard last; an earlier time changes nothing.
INSERT INTO heard (source, last_event_at)
SELECT known.id, told.last_event_at
FROM (SELECT id FROM source WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE) AS known
JOIN unnest($1::text[], $2::timestamptz[]) AS told (source, last_event_at) ON told.source = known.id
ORDER BY known.id
ON CONFLICT (source) DO UPDATE SET last_event_at = greatest(heard.last_event_at, excluded.last_event_at)

-- name: forget_tallies
-- Forgets what was counted before $1.
DELETE FROM tally WHERE span < $1

-- name: standings
-- How every source does at $1, as the contract tells it.
SELECT source_shown.*, events_hour, events_day, statements_hour, statements_day, ignored, refused, lag_half, lag_most
FROM source_shown LEFT JOIN source_numbers($1) USING (source)
ORDER BY source
