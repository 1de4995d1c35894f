-- name: add
INSERT INTO servers (name) VALUES (%s) ON CONFLICT DO NOTHING RETURNING id;

-- name: by_name
SELECT id, name, created_at FROM servers WHERE name = %s;

-- name: locked
SELECT id, name, created_at FROM servers WHERE name = %s FOR UPDATE;

-- name: names
SELECT id, name, created_at FROM servers ORDER BY id;

-- name: list
SELECT
    s.id,
    s.name,
    s.created_at,
    EXISTS (
        SELECT 1 FROM access_keys AS t
        WHERE t.server_id = s.id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
    ) AS active,
    (SELECT max(i.last_received_at) FROM ingest_sessions AS i WHERE i.server_id = s.id) AS last_received_at
FROM servers AS s
ORDER BY s.id;

-- name: sessions
SELECT
    session_id,
    map,
    gametype,
    first_received_at,
    last_received_at,
    clock_lead_seconds,
    repeats,
    unnumbered,
    received::text AS received,
    CASE WHEN isempty(received) THEN '{}' ELSE
        (int8multirange(int8range(0, upper(received))) - received)::text
    END AS missing
FROM ingest_sessions
WHERE server_id = %s
ORDER BY last_received_at DESC, session_id
LIMIT %s;

-- name: missing
-- The holes of a session that overlap or touch a span of its numbers.
SELECT lower(hole)::bigint AS first, upper(hole)::bigint - 1 AS last
FROM ingest_sessions
CROSS JOIN LATERAL unnest(int8multirange(int8range(0, upper(received))) - received) AS hole
WHERE server_id = %s AND session_id = %s AND NOT isempty(received) AND hole && int8range(%s, %s);

-- name: rejects
SELECT code, count(*) AS events, max(last_seen_at) AS last_seen_at, (array_agg(reason ORDER BY id DESC))[1] AS reason
FROM quarantine
WHERE server_id = %s
GROUP BY code
ORDER BY max(last_seen_at) DESC;

-- name: completeness
-- By the day on which a session was first heard from: how many events of it came, and how many numbers are missing.
SELECT
    s.first_received_at::date AS day,
    count(*) AS sessions,
    sum(s.unnumbered + held.events)::bigint AS received,
    sum(CASE WHEN isempty(s.received) THEN 0 ELSE upper(s.received) - held.events END)::bigint AS missing
FROM ingest_sessions AS s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(upper(part) - lower(part)), 0) AS events FROM unnest(s.received) AS part
) AS held
WHERE s.server_id = %s AND s.first_received_at >= %s
GROUP BY s.first_received_at::date
ORDER BY s.first_received_at::date;
