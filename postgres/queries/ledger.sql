-- name: record_sessions
-- Add the incoming numbers of each session and say which of them are new. Rows are taken in one order, so
-- that two writers cannot wait for each other.
INSERT INTO ingest_sessions AS known (
    server_id, session_id, received, fresh, map, gametype, clock_lead_seconds, first_received_at,
    last_received_at
)
SELECT
    incoming.server_id,
    incoming.session_id,
    incoming.received,
    incoming.received,
    incoming.map,
    incoming.gametype,
    incoming.clock_lead,
    incoming.received_at,
    incoming.received_at
FROM (
    SELECT
        batch.server_id,
        batch.session_id,
        batch.numbers::int8multirange AS received,
        batch.map,
        batch.gametype,
        batch.clock_lead,
        batch.received_at
    FROM json_to_recordset(%s::json) AS batch (
        server_id int,
        session_id text,
        numbers text,
        map text,
        gametype text,
        clock_lead float8,
        received_at timestamptz
    )
) AS incoming
ORDER BY incoming.server_id, incoming.session_id
ON CONFLICT (server_id, session_id) DO UPDATE SET
    received = known.received + excluded.received,
    fresh = excluded.received - known.received,
    map = CASE WHEN excluded.map = '' THEN known.map ELSE excluded.map END,
    map_before = known.map,
    gametype = CASE WHEN excluded.gametype = '' THEN known.gametype ELSE excluded.gametype END,
    gametype_before = known.gametype,
    clock_lead_seconds = coalesce(excluded.clock_lead_seconds, known.clock_lead_seconds),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at)
RETURNING server_id, session_id, fresh, map_before, gametype_before, pg_column_size(received) AS size;

-- name: count_in_sessions
UPDATE ingest_sessions AS known SET
    repeats = known.repeats + batch.repeats,
    unnumbered = known.unnumbered + batch.unnumbered
FROM unnest(%s::int[], %s::text[], %s::bigint[], %s::bigint[])
    AS batch (server_id, session_id, repeats, unnumbered)
WHERE known.server_id = batch.server_id AND known.session_id = batch.session_id;

-- name: record_digests
-- Say which digests are new, or old enough to be forgotten.
INSERT INTO ingest_digests AS known (server_id, digest, forget_at)
SELECT batch.server_id, batch.digest, now() + make_interval(secs => batch.seconds) AS forget_at
FROM unnest(%s::int[], %s::bytea[], %s::float8[]) AS batch (server_id, digest, seconds)
ORDER BY batch.server_id, batch.digest
ON CONFLICT (server_id, digest) DO UPDATE SET forget_at = excluded.forget_at
WHERE known.forget_at <= now()
RETURNING server_id, digest;

-- name: forget_digests
DELETE FROM ingest_digests WHERE forget_at <= now();

-- name: put_in_quarantine
INSERT INTO quarantine AS known (server_id, digest, code, reason, original, first_seen_at, last_seen_at)
SELECT DISTINCT ON (batch.server_id, batch.digest)
    batch.server_id, batch.digest, batch.code, batch.reason, batch.original, batch.seen_at, batch.seen_at
FROM unnest(%s::int[], %s::bytea[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
    AS batch (server_id, digest, code, reason, original, seen_at)
ORDER BY batch.server_id, batch.digest
ON CONFLICT (server_id, digest) DO UPDATE SET
    times = known.times + 1,
    code = excluded.code,
    reason = excluded.reason,
    last_seen_at = excluded.last_seen_at;

-- name: put_in_inbox
INSERT INTO ingest_inbox (events, bytes, payload) VALUES (%s, %s, %s);
