-- name: key_of_hash
SELECT
    id AS key_id,
    kind,
    label,
    coalesce(server_id, 0) AS server_id,
    revoked_at IS NOT NULL AS revoked,
    extract(epoch FROM expires_at - now())::double precision AS seconds_left,
    last_used_at IS NULL OR last_used_at < now() - interval '1 hour' AS unnoted
FROM access_keys
WHERE hash = %s;

-- name: key_of_id
SELECT
    id AS key_id,
    kind,
    label,
    coalesce(server_id, 0) AS server_id,
    revoked_at IS NOT NULL AS revoked,
    extract(epoch FROM expires_at - now())::double precision AS seconds_left,
    last_used_at IS NULL OR last_used_at < now() - interval '1 hour' AS unnoted
FROM access_keys
WHERE id = %s;

-- name: note_use
UPDATE access_keys SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 hour');

-- name: any_admin_key
SELECT true AS found FROM access_keys WHERE kind = 'admin' LIMIT 1;

-- name: add
INSERT INTO access_keys (hash, kind, server_id, label) VALUES (%s, %s, %s, %s) RETURNING id;

-- name: list
SELECT
    k.id,
    k.kind,
    k.label,
    k.server_id,
    k.created_at,
    k.expires_at,
    k.revoked_at,
    k.last_used_at,
    k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AS holds
FROM access_keys AS k
ORDER BY k.id;

-- name: of_id
SELECT
    id,
    kind,
    label,
    server_id,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS holds
FROM access_keys
WHERE id = %s
FOR UPDATE;

-- name: of_server
SELECT
    id,
    kind,
    label,
    server_id,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    true AS holds
FROM access_keys
WHERE server_id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY id
FOR UPDATE;

-- name: expire
UPDATE access_keys SET expires_at = least(expires_at, now() + make_interval(secs => %s)) WHERE id = %s;

-- name: revoke
UPDATE access_keys SET revoked_at = now() WHERE id = %s;
