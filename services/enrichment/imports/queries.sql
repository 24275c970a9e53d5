-- name: owners
-- Returns the external ids of the imported people that have identities.
SELECT alias.ifi, learner.external_id
FROM alias JOIN learner ON learner.id = alias.learner
WHERE alias.ifi = ANY($1::text[]) AND learner.external_id IS NOT NULL

-- name: store_people
-- Stores people; returns those of whom something new is said.
INSERT INTO learner (id, external_id, name, email_sha1)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
ON CONFLICT (id) DO UPDATE SET
    name = coalesce(excluded.name, learner.name), email_sha1 = coalesce(excluded.email_sha1, learner.email_sha1)
WHERE (learner.name, learner.email_sha1)
    IS DISTINCT FROM (coalesce(excluded.name, learner.name), coalesce(excluded.email_sha1, learner.email_sha1))
RETURNING id

-- name: store_aliases
-- Makes identities those of people; returns the identities that were nobody's or somebody else's.
INSERT INTO alias (ifi, learner)
SELECT * FROM unnest($1::text[], $2::uuid[])
ON CONFLICT (ifi) DO UPDATE SET learner = excluded.learner WHERE alias.learner <> excluded.learner
RETURNING ifi

-- name: forget_provisional
-- Deletes the provisional learners whose last identity became a person's.
DELETE FROM learner WHERE external_id IS NULL AND NOT EXISTS (SELECT FROM alias WHERE alias.learner = learner.id)

-- name: store_courses
-- Stores a course; returns it if something new is said of it.
INSERT INTO course (iri, title, description, codes, aliases, urls, channels)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (iri) DO UPDATE SET
    title = excluded.title, description = excluded.description, codes = excluded.codes,
    aliases = excluded.aliases, urls = excluded.urls, channels = excluded.channels
WHERE (course.title, course.description, course.codes, course.aliases, course.urls, course.channels)
    IS DISTINCT FROM
    (excluded.title, excluded.description, excluded.codes, excluded.aliases, excluded.urls, excluded.channels)
RETURNING iri

-- name: raise_catalogue_version
-- Tells every handler to read the catalogue anew.
UPDATE catalogue_version SET version = version + 1

-- name: store_enrolments
-- Stores enrolments; returns the learners of whom something new is said.
INSERT INTO enrolment (learner, course, role, valid_from, valid_to)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::date[])
ON CONFLICT (learner, course) DO UPDATE SET
    role = excluded.role, valid_from = excluded.valid_from, valid_to = excluded.valid_to
WHERE (enrolment.role, enrolment.valid_from, enrolment.valid_to)
    IS DISTINCT FROM (excluded.role, excluded.valid_from, excluded.valid_to)
RETURNING learner

-- name: identities_of
-- Returns the identities of learners.
SELECT ifi FROM alias WHERE learner = ANY($1::uuid[])

-- name: ask_for_relink
-- Leaves a job for the relinker: the statements in which identities stand.
INSERT INTO relink (identities) VALUES ($1::text[])

-- name: ask_for_all
-- Leaves a job for the relinker, all statements, in the place of such ones before. It is another, and does not begin one of these anew:
-- whoever is at that cannot take the new one for done.
WITH outdated AS (
    DELETE FROM relink WHERE num_nonnulls(identities, statements, artefacts) = 0
)
INSERT INTO relink DEFAULT VALUES
