-- People: one learner, many accounts. Imported people have HR's external id; provisional ones are known by an IFI alone.
CREATE TABLE learner (
    id uuid PRIMARY KEY,
    external_id text UNIQUE,
    name text,
    email_sha1 text
);
CREATE INDEX learner_email_sha1 ON learner (email_sha1);

-- Which learner an IFI is. Identities are merged here, never in statements.
CREATE TABLE alias (
    ifi text PRIMARY KEY,
    learner uuid NOT NULL REFERENCES learner (id)
);
CREATE INDEX alias_learner ON alias (learner);

-- The formal courses, and how people and platforms name them.
CREATE TABLE course (
    iri text PRIMARY KEY,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    codes text[] NOT NULL DEFAULT '{}',
    aliases text[] NOT NULL DEFAULT '{}',
    urls text[] NOT NULL DEFAULT '{}',
    channels text[] NOT NULL DEFAULT '{}'
);

-- Who is or was enrolled in what. The learner's id follows from the external id, so an enrolment may come before its person.
CREATE TABLE enrolment (
    learner uuid NOT NULL,
    course text NOT NULL,
    role text NOT NULL DEFAULT 'learner',
    valid_from date,
    valid_to date,
    PRIMARY KEY (learner, course)
);

-- Raised by every import of courses: a handler whose catalogue is older reads it again.
CREATE TABLE catalogue_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO catalogue_version (version) VALUES (0);

-- Never reset, CACHE 1: a later revision of a statement has the larger number, whichever process took it.
CREATE SEQUENCE revision CACHE 1;

-- What each recorded statement says of people, artefacts and courses, and what was last said of it in `enriched`.
-- links: its effective links, its own and inherited ones; emitted: the message without its revision.
CREATE TABLE interaction (
    statement_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    stored text NOT NULL,
    received_at text NOT NULL,
    happened timestamptz NOT NULL,
    verb text NOT NULL,
    actor text,
    object text,
    object_type text,
    makes_object boolean NOT NULL,
    parent text,
    threads text[] NOT NULL,
    courses text[] NOT NULL,
    target text,
    team text,
    urls text[] NOT NULL,
    voided boolean NOT NULL,
    redacted boolean NOT NULL,
    links bytea NOT NULL DEFAULT '[]',
    emitted bytea NOT NULL DEFAULT '',
    revision bigint NOT NULL DEFAULT 0
);
-- Who made an artefact.
CREATE INDEX interaction_maker ON interaction (object) WHERE makes_object;
-- Whose statements change when an identity does.
CREATE INDEX interaction_actor ON interaction (actor);
CREATE INDEX interaction_target ON interaction (target) WHERE target IS NOT NULL;

-- Which statements build on an artefact: replies to it, and acts upon it.
CREATE TABLE interaction_anchor (
    anchor text NOT NULL,
    statement_id uuid NOT NULL REFERENCES interaction (statement_id) ON DELETE CASCADE,
    PRIMARY KEY (anchor, statement_id)
);

-- Contract: how a caller may name a learner.
CREATE VIEW learner_reference AS
SELECT 'id'::text AS kind, id::text AS value, id AS learner FROM learner
UNION ALL
SELECT 'mbox_sha1sum', email_sha1, id FROM learner WHERE email_sha1 IS NOT NULL
UNION ALL
SELECT 'external_id', external_id, id FROM learner WHERE external_id IS NOT NULL;

-- Contract: what other services may know of a learner.
CREATE VIEW learner_profile AS
SELECT id AS learner, external_id, name AS display_name, email_sha1 AS email_hash FROM learner;

-- Contract: what a course is called.
CREATE VIEW course_title AS
SELECT iri AS course, title FROM course;

-- What an import asks to be linked anew: the statements in which identities stand, or (NULL) all.
CREATE TABLE relink (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    identities text[]
);
