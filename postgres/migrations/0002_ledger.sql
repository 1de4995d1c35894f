-- What was received from whom: the numbers seen of every tracker session, and the digests of what senders
-- without numbers sent.

CREATE TABLE ingest_sessions (
    server_id int NOT NULL REFERENCES servers,
    session_id text NOT NULL,
    received int8multirange NOT NULL DEFAULT '{}',
    repeats bigint NOT NULL DEFAULT 0,
    unnumbered bigint NOT NULL DEFAULT 0,
    map text NOT NULL DEFAULT '',
    gametype text NOT NULL DEFAULT '',
    clock_lead_seconds double precision,
    first_received_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    -- What the latest batch brought, and what was known before it: read back by the statement that writes it.
    fresh int8multirange NOT NULL DEFAULT '{}',
    map_before text NOT NULL DEFAULT '',
    gametype_before text NOT NULL DEFAULT '',
    PRIMARY KEY (server_id, session_id)
);

COMMENT ON COLUMN ingest_sessions.clock_lead_seconds IS
    'how far the newest event lay ahead of its receipt; far above 0, the server''s clock is ahead';

CREATE INDEX ingest_sessions_recent ON ingest_sessions (server_id, last_received_at DESC);

CREATE TABLE ingest_digests (
    server_id int NOT NULL REFERENCES servers,
    digest bytea NOT NULL,
    forget_at timestamptz NOT NULL,
    PRIMARY KEY (server_id, digest)
);

CREATE INDEX ingest_digests_age ON ingest_digests (forget_at);
