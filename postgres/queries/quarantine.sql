-- name: page
SELECT q.id, q.server_id, s.name AS server, q.code, q.reason, q.original, q.first_seen_at, q.last_seen_at, q.times
FROM quarantine AS q
INNER JOIN servers AS s ON s.id = q.server_id
WHERE q.id < %s AND (%s::int IS NULL OR q.server_id = %s) AND (%s::text IS NULL OR q.code = %s)
ORDER BY q.id DESC
LIMIT %s;

-- name: release
DELETE FROM quarantine WHERE id = %s;

-- name: count
SELECT count(*) AS events FROM quarantine;

-- name: tally
SELECT q.server_id, s.name AS server, q.code, count(*) AS events
FROM quarantine AS q
INNER JOIN servers AS s ON s.id = q.server_id
GROUP BY q.server_id, s.name, q.code
ORDER BY events DESC, q.server_id, q.code;

-- name: discard
WITH thrown AS (
    DELETE FROM quarantine
    WHERE (%(id)s::bigint IS NULL OR id = %(id)s)
        AND (%(server)s::int IS NULL OR server_id = %(server)s)
        AND (%(code)s::text IS NULL OR code = %(code)s)
    RETURNING server_id, code, times
)
SELECT s.name AS server, t.code, count(*) AS events, sum(t.times)::bigint AS times
FROM thrown AS t
INNER JOIN servers AS s ON s.id = t.server_id
GROUP BY s.name, t.code
ORDER BY s.name, t.code;
