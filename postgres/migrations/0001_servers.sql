-- Game servers and the keys of those who may write or administer. Only hashes of tokens are kept.

CREATE TABLE servers (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE server_tokens (
    hash bytea PRIMARY KEY,
    server_id int NOT NULL REFERENCES servers,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX server_tokens_server ON server_tokens (server_id);

CREATE TABLE admin_tokens (
    hash bytea PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
