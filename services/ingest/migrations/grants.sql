-- The gateway shows operators how the sources do: it may read the two views, and call the function that reads them with its
-- rights. Its role exists where migrations may create roles.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN SELECT rolname FROM pg_roles WHERE rolname = 'symposia_lrs' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
        EXECUTE format('GRANT SELECT ON source_shown, source_tally TO %I', reader);
    END LOOP;
END
$$;
