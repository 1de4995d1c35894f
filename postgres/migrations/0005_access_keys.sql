-- The keys of all who may do something, of every kind in one table. Only hashes are kept.

CREATE TABLE access_keys (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('server', 'forum', 'admin', 'read')),
    server_id int REFERENCES servers,
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CHECK ((kind = 'server') = (server_id IS NOT NULL))
);

COMMENT ON COLUMN access_keys.last_used_at IS 'to the hour: written no more often';

CREATE INDEX access_keys_server ON access_keys (server_id);

INSERT INTO access_keys (hash, kind, server_id, label, created_at, expires_at, revoked_at)
SELECT t.hash, 'server' AS kind, t.server_id, s.name, t.created_at, t.expires_at, t.revoked_at
FROM server_tokens AS t
INNER JOIN servers AS s ON s.id = t.server_id
ORDER BY t.created_at;

INSERT INTO access_keys (hash, kind, label, created_at)
SELECT hash, 'admin' AS kind, 'first' AS label, created_at FROM admin_tokens ORDER BY created_at;

DROP TABLE server_tokens;

DROP TABLE admin_tokens;
