-- Names the history that the transaction ids of `change` are of: the server's, and its timeline. On another server, and on a standby that
-- was promoted without the last of what its primary told, the same ids are other transactions: no cursor holds there.
CREATE FUNCTION current_history() RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT control.system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    FROM pg_control_system() AS control
);
COMMENT ON FUNCTION current_history() IS 'Contract: where it changes, read `change` from the beginning.';
