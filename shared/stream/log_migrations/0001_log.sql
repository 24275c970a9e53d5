-- A partition's counter is raised in the transaction that appends, so that the order of commits is the order of offsets:
-- a reader that has seen an offset never meets a smaller one later.
CREATE TABLE partition (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    number integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
) WITH (fillfactor = 10);

CREATE TABLE record (
    partition_id integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    value bytea NOT NULL,
    headers bytea,
    "timestamp" bigint NOT NULL,
    PRIMARY KEY (partition_id, "offset")
);

-- The members of consumer groups; one whose lease expired has lost its partitions to the others.
CREATE TABLE member (
    group_name text NOT NULL,
    id text NOT NULL,
    topics text[] NOT NULL,
    expires timestamptz NOT NULL,
    PRIMARY KEY (group_name, id)
);
