-- How far each group has read; its lock is the fence against a member that was given up.
CREATE TABLE consumer_offset (
    group_name text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    last_digest bytea,
    PRIMARY KEY (group_name, topic, partition)
) WITH (fillfactor = 20);

-- What a batch said and the log may not have yet: one row for each batch, deleted once the log acknowledged all of it.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    owner text NOT NULL,
    records bytea NOT NULL
);
CREATE INDEX outbox_owner ON outbox (owner, id);

-- Records that a group could not use. `state` is what became of each since: waiting, replayed or discarded.
CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    key bytea,
    value bytea NOT NULL,
    headers bytea NOT NULL,
    appended_at timestamptz NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
    settled_at timestamptz,
    UNIQUE (group_name, topic, partition, "offset")
);
CREATE INDEX dead_letter_state ON dead_letter (state, id);
