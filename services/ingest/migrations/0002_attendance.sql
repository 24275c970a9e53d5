-- A session that somebody was seen in; where it stands in statements. It ends once, as far as is known.
CREATE TABLE session (
    source text NOT NULL REFERENCES source ON DELETE CASCADE,
    native text NOT NULL,
    iri text NOT NULL,
    place text,
    place_iri text,
    place_type text,
    ended_at timestamptz,
    PRIMARY KEY (source, native)
);

-- One presence of one person: the earliest beginning and the latest end that were reported, in whichever order.
CREATE TABLE presence (
    source text NOT NULL,
    session text NOT NULL,
    actor text NOT NULL,
    name text NOT NULL,
    joined_at timestamptz,
    left_at timestamptz,
    PRIMARY KEY (source, session, actor, name),
    FOREIGN KEY (source, session) REFERENCES session ON DELETE CASCADE
);
CREATE INDEX presence_actor ON presence (source, actor);

-- What was told last of a person in a session, and when it is looked at again; null where nothing changed since.
CREATE TABLE attendance (
    source text NOT NULL,
    session text NOT NULL,
    actor text NOT NULL,
    told text,
    due timestamptz,
    PRIMARY KEY (source, session, actor),
    FOREIGN KEY (source, session) REFERENCES session ON DELETE CASCADE
);
CREATE INDEX attendance_due ON attendance (due) WHERE due IS NOT NULL;
CREATE INDEX attendance_actor ON attendance (source, actor);
