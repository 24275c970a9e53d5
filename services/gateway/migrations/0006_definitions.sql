-- What statements say of activities, merged: made by the group `definitions` from the record, and again by a replay.

CREATE TABLE definition (
    key    uuid  PRIMARY KEY,
    leaves bytea NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE definition IS 'What holds of an activity: of each leaf of its definition what the statement recorded last says';
COMMENT ON COLUMN definition.key IS 'services.gateway.domain.keys, as in statement_mention';
COMMENT ON COLUMN definition.leaves IS 'JSON, sorted: [property, part, seq of the statement that says it, value]; bytea, since jsonb rewrites numbers';

ALTER TABLE statement ADD COLUMN defines boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN statement.defines IS 'Its sender might define activities and actors when it came; else it counts for no definition';
