-- The gateway shows people by name and finds who is meant: it may read the views that are the contract of `records`. Its role
-- exists where migrations may create roles.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN SELECT rolname FROM pg_roles WHERE rolname = 'symposia_lrs' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
        EXECUTE format('GRANT SELECT ON learner_reference, learner_profile, learner_identity, course_title TO %I', reader);
    END LOOP;
END
$$;
