-- Names the history that this server tells: that of another server, and of a standby that was promoted, are others. After either, the
-- log may hold revisions that the sequence here does not know.
CREATE FUNCTION current_history() RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT control.system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    FROM pg_control_system() AS control
);

-- Takes the revisions beyond all that were told, in whichever history: far beyond, and beyond the microseconds since 1970, since fewer
-- than a million of them are taken in a second.
CREATE FUNCTION outrun_revisions() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN setval('revision', greatest(nextval('revision') + 1000000000, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));

CREATE TABLE revision_history (history text NOT NULL);
COMMENT ON TABLE revision_history IS 'One row: the history in which the last revisions were taken';
INSERT INTO revision_history (history) VALUES (current_history());
