-- Events that could not be accepted, as they arrived, with the reason.

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    server_id int NOT NULL REFERENCES servers,
    digest bytea NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    original bytea NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    UNIQUE (server_id, digest)
);
