-- name: sources
-- How every source does at $1, or the one called $2; by ingest's contract, which has no secrets.
SELECT source_shown.*, events_hour, events_day, statements_hour, statements_day, ignored, refused, lag_half, lag_most
FROM ingest.source_shown AS source_shown LEFT JOIN ingest.source_numbers($1) USING (source)
WHERE $2::text IS NULL OR source = $2
ORDER BY source
