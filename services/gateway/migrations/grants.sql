-- What the other services may read of the record: their roles exist where migrations may create roles.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN SELECT rolname FROM pg_roles WHERE rolname IN ('symposia_records', 'symposia_impact') LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
        EXECUTE format('GRANT SELECT ON recorded_statement, last_erasure TO %I', reader);
    END LOOP;
END
$$;
