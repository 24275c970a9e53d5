-- name: applied
-- For each partition of the topic $2 the offset that the group $1 applies next.
SELECT partition, next_offset FROM consumer_offset WHERE group_name = $1 AND topic = $2
