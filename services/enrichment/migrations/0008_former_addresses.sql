-- A learner is found by the hash of each e-mail address that leads to them: as HR writes it, in small letters, and former ones.
CREATE INDEX alias_email_hash ON alias (substr(ifi, 15)) WHERE ifi LIKE 'mbox\_sha1sum::%';

CREATE OR REPLACE VIEW learner_reference AS
SELECT 'id'::text AS kind, id::text AS value, id AS learner FROM learner
UNION ALL
SELECT 'mbox_sha1sum', email_sha1, id FROM learner WHERE email_sha1 IS NOT NULL
UNION ALL
SELECT 'mbox_sha1sum', substr(ifi, 15), learner FROM alias WHERE ifi LIKE 'mbox\_sha1sum::%'
UNION ALL
SELECT 'external_id', external_id, id FROM learner WHERE external_id IS NOT NULL;
