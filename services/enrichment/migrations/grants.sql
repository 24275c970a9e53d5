-- What other services may read of `records`: the views that are its contract.
GRANT USAGE ON SCHEMA records TO symposia_lrs;
GRANT SELECT ON learner_reference, learner_profile, learner_identity, course_title TO symposia_lrs;
