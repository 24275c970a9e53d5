-- xAPI's documents: state, agent profiles, activity profiles.

CREATE TABLE document (
    key          uuid        PRIMARY KEY,
    context      uuid        NOT NULL,
    resource     text        NOT NULL CHECK (resource IN ('state', 'agent-profile', 'activity-profile')),
    activity     text,
    agent        text,
    registration uuid,
    name         bytea       NOT NULL,
    content_type text        NOT NULL,
    content      bytea       NOT NULL,
    etag         text        NOT NULL,
    updated_at   timestamptz NOT NULL,
    CHECK ((activity IS NULL) = (resource = 'agent-profile')),
    CHECK ((agent IS NULL) = (resource = 'activity-profile')),
    CHECK (registration IS NULL OR resource = 'state')
);
CREATE INDEX document_context ON document (context);
CREATE INDEX document_agent ON document (agent) WHERE agent IS NOT NULL;
COMMENT ON TABLE document IS 'xAPI''s documents as they stand; what they were before is not kept';
COMMENT ON COLUMN document.key IS 'services.gateway.documents.parameters: 16 bytes of BLAKE2b over the resource, its identifiers and the name';
COMMENT ON COLUMN document.context IS 'The same, without the name';
COMMENT ON COLUMN document.agent IS 'The canonical IFI, by which a person''s documents are found';
COMMENT ON COLUMN document.registration IS 'NULL is a context of its own';
COMMENT ON COLUMN document.name IS 'stateId or profileId in UTF-8; bytea, since text refuses \u0000';
COMMENT ON COLUMN document.etag IS 'SHA-1 of content in lower-case hexadecimal, as 1.0.3 wants it';
COMMENT ON COLUMN document.updated_at IS 'When the request that last changed it was received';
