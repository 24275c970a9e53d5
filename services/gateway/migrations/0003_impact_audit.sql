-- Every read of impact, and every objection that was passed on: who asked, what for, whom it was about.

CREATE TABLE audit (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    key_id   text NOT NULL,
    action   text NOT NULL CHECK (action IN ('impact', 'explanation', 'changes', 'object', 'withdraw')),
    purpose  text,
    learner  uuid,
    learners integer NOT NULL CHECK (learners >= 0)
);
CREATE INDEX audit_learner ON audit (learner, id);
COMMENT ON TABLE audit IS 'Reads of impact and objections; written before the answer is given, never changed';
COMMENT ON COLUMN audit.purpose IS 'What the reader said it is for; NULL for objections';
COMMENT ON COLUMN audit.learner IS 'Whom it was about; NULL for a page of changes and for references that lead to nobody';
COMMENT ON COLUMN audit.learners IS 'How many learners the answer told of';
