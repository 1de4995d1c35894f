-- name: page
SELECT q.id, q.server_id, s.name AS server, q.code, q.reason, q.original, q.first_seen_at, q.last_seen_at, q.times
FROM quarantine AS q
INNER JOIN servers AS s ON s.id = q.server_id
WHERE q.id < %s AND (%s::int IS NULL OR q.server_id = %s) AND (%s::text IS NULL OR q.code = %s)
ORDER BY q.id DESC
LIMIT %s;

-- name: release
DELETE FROM quarantine WHERE id = %s;
