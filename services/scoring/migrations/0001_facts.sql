-- The ledger of facts, and the integer cells that sum it.

-- The rules that every fact and cell here was made by; exactly one row is current.
CREATE TABLE rules (
    version text PRIMARY KEY,
    definition text NOT NULL,
    current boolean NOT NULL
);
CREATE UNIQUE INDEX rules_current ON rules (current) WHERE current;

-- The newest revision of each statement that was applied, also where it left no fact: an older one is not applied again.
CREATE TABLE statement_revision (
    statement_id uuid PRIMARY KEY,
    revision bigint NOT NULL
);

-- One row per artefact that was ever acted upon or contributed. It exists to be locked: whoever changes an artefact's receipts
-- or contributions holds its row, so that a contribution and its first receipt, committing at once, cannot miss each other.
CREATE TABLE artefact (
    key uuid PRIMARY KEY
);

-- Who received which artefact, by which statement; also acts that give no credit, like an answer to a question.
CREATE TABLE receipt (
    statement_id uuid PRIMARY KEY,
    artefact uuid NOT NULL,
    actor uuid NOT NULL,
    grounded boolean NOT NULL
);
CREATE INDEX receipt_artefact ON receipt (artefact, actor) WHERE grounded;
CREATE INDEX receipt_actor ON receipt (actor);

-- What each statement is evidence of, for whom. Weights are millionths; grounded_micro is weight times kappa.
CREATE TABLE fact (
    rules_version text NOT NULL,
    statement_id uuid NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('reception', 'contribution')),
    beneficiary uuid NOT NULL,
    actor uuid NOT NULL,
    artefact uuid NOT NULL,
    object text NOT NULL,
    week integer NOT NULL,
    weight_micro bigint NOT NULL CHECK (weight_micro > 0),
    kappa_micro bigint NOT NULL CHECK (kappa_micro BETWEEN 0 AND 1000000),
    grounded_micro bigint NOT NULL CHECK (grounded_micro BETWEEN 0 AND weight_micro),
    counted boolean NOT NULL,
    course text,
    method text,
    evidence text,
    PRIMARY KEY (statement_id, dimension, beneficiary, rules_version)
);
CREATE INDEX fact_beneficiary ON fact (beneficiary);
CREATE INDEX fact_contribution ON fact (artefact) WHERE dimension = 'contribution';

-- The sums of the facts that count. A cell without any is no row: taken back is as if never sent.
CREATE TABLE cell (
    beneficiary uuid NOT NULL,
    actor uuid NOT NULL,
    dimension text NOT NULL,
    week integer NOT NULL,
    weight_micro bigint NOT NULL,
    grounded_micro bigint NOT NULL,
    PRIMARY KEY (beneficiary, actor, dimension, week)
) WITH (fillfactor = 85);

-- Which transaction last changed a learner's facts; bookkeeping for impact.change.
CREATE TABLE learner_change (
    learner uuid PRIMARY KEY,
    changed_xid xid8 NOT NULL
);
CREATE INDEX learner_change_order ON learner_change (changed_xid, learner);

-- Who objects to being scored, and since when; kept through every replay. Withdrawn objections stay as rows that say so.
CREATE TABLE objection (
    learner uuid PRIMARY KEY,
    objects boolean NOT NULL,
    at timestamptz NOT NULL
);
