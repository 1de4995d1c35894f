-- name: server_of_token
SELECT
    server_id,
    revoked_at IS NOT NULL OR (expires_at IS NOT NULL AND expires_at <= now()) AS revoked
FROM server_tokens
WHERE hash = %s;

-- name: admin_token
SELECT true AS found FROM admin_tokens WHERE hash = %s;

-- name: any_admin_token
SELECT true AS found FROM admin_tokens LIMIT 1;

-- name: add_admin_token
INSERT INTO admin_tokens (hash) VALUES (%s) ON CONFLICT DO NOTHING;
