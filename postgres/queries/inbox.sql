-- name: seal
-- Put the oldest waiting rows, up to a number of events and of bytes, into a block.
WITH waiting AS (
    SELECT id, events, bytes
    FROM ingest_inbox
    WHERE block_id IS NULL AND set_aside_at IS NULL
    ORDER BY id
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
),
chosen AS (
    SELECT id
    FROM (
        SELECT
            id,
            sum(events) OVER (ORDER BY id) - events AS events_before,
            sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before
        FROM waiting
    ) AS running
    WHERE events_before < %s AND bytes_before < %s
),
block AS (
    INSERT INTO ingest_blocks (sealed_at) SELECT now() FROM chosen LIMIT 1 RETURNING id
)
UPDATE ingest_inbox AS row SET block_id = block.id
FROM block, chosen
WHERE row.id = chosen.id;

-- name: full
-- Whether as much waits as fits into a block: as many rows, events or bytes.
SELECT count(*) >= 1000 OR coalesce(sum(events), 0) >= %s OR coalesce(sum(bytes), 0) >= %s AS fills
FROM (
    SELECT events, bytes FROM ingest_inbox
    WHERE block_id IS NULL AND set_aside_at IS NULL
    ORDER BY id
    LIMIT 1000
) AS waiting;

-- name: claim
-- The lock lasts as long as the transaction: a writer that dies lets go of its block.
SELECT id, token::text AS token, failures
FROM ingest_blocks
WHERE retry_at <= now()
ORDER BY id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: unfinished
SELECT id FROM ingest_blocks LIMIT 1;

-- name: rows_of
SELECT events, payload FROM ingest_inbox WHERE block_id = %s ORDER BY id;

-- name: delete_rows_of
DELETE FROM ingest_inbox WHERE block_id = %s;

-- name: delete_block
DELETE FROM ingest_blocks WHERE id = %s;

-- name: postpone
UPDATE ingest_blocks SET
    failures = failures + 1,
    last_failure = %s,
    retry_at = now() + make_interval(secs => least(60, 0.5 * power(2, least(failures, 7))))
WHERE id = %s;

-- name: depth
SELECT
    count(*) AS rows,
    coalesce(sum(events), 0)::bigint AS events,
    coalesce(sum(bytes), 0)::bigint AS bytes,
    coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8 AS oldest_seconds,
    (SELECT count(*) FROM ingest_blocks WHERE failures > 0) AS failing_blocks,
    (
        SELECT coalesce(sum(kept.events), 0)::bigint FROM ingest_inbox AS kept WHERE kept.set_aside_at IS NOT NULL
    ) AS set_aside_events
FROM ingest_inbox
WHERE set_aside_at IS NULL;

-- name: block
SELECT id, failures, last_failure FROM ingest_blocks WHERE id = %s FOR UPDATE;

-- name: payloads_of
SELECT id, payload FROM ingest_inbox WHERE block_id = %s ORDER BY id;

-- name: set_aside
UPDATE ingest_inbox AS row SET
    block_id = NULL,
    set_aside_at = now(),
    set_aside_reason = block.last_failure,
    events = %(events)s,
    bytes = %(bytes)s,
    payload = %(payload)s
FROM ingest_blocks AS block
WHERE row.id = %(id)s AND block.id = row.block_id;

-- name: delete_row
DELETE FROM ingest_inbox WHERE id = %(id)s;

-- name: drive_set_aside
UPDATE ingest_inbox SET set_aside_at = NULL, set_aside_reason = NULL
WHERE set_aside_at IS NOT NULL
RETURNING events;

-- name: failure
SELECT last_failure AS text
FROM ingest_blocks
WHERE failures > 0 AND last_failure IS NOT NULL
ORDER BY id
LIMIT 1;

-- name: failing
-- Sealed blocks that ClickHouse refused at least once, the oldest first.
SELECT
    b.id,
    b.token::text AS token,
    b.sealed_at,
    b.failures,
    b.retry_at,
    coalesce(b.last_failure, '') AS reason,
    coalesce(sum(i.events), 0)::bigint AS events,
    coalesce(sum(i.bytes), 0)::bigint AS bytes
FROM ingest_blocks AS b
LEFT JOIN ingest_inbox AS i ON i.block_id = b.id
WHERE b.failures > 0
GROUP BY b.id
ORDER BY b.id
LIMIT %s;
