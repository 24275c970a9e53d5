-- The gateway answers HR and learners: it may call the functions, which read with its rights, and see whose impact changed.
-- Its role exists where migrations may create roles.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN SELECT rolname FROM pg_roles WHERE rolname = 'symposia_lrs' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
        EXECUTE format('GRANT SELECT ON fact, cell, rules, change TO %I', reader);
    END LOOP;
END
$$;
