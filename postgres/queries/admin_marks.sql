-- name: held
-- The marks that hold for any of some keys, of some kinds.
SELECT id, kind, player, keys, reason, made_at, made_by
FROM admin_marks
WHERE undone_at IS NULL AND keys && %(keys)s::text [] AND kind = ANY(%(kinds)s)
ORDER BY id;

-- name: take_keys
-- A mark without some of its keys; one that has none left is undone.
UPDATE admin_marks SET
    keys = CASE
        WHEN keys <@ %(keys)s::text [] THEN keys
        ELSE ARRAY(SELECT key FROM unnest(keys) AS own (key) WHERE key != ALL(%(keys)s::text []))
    END,
    undone_at = CASE WHEN keys <@ %(keys)s::text [] THEN now() END,
    undone_by = CASE WHEN keys <@ %(keys)s::text [] THEN %(by)s END
WHERE undone_at IS NULL AND keys && %(keys)s::text [] AND kind = ANY(%(kinds)s);

-- name: add
INSERT INTO admin_marks (kind, player, keys, reason, made_by)
VALUES (%(kind)s, %(player)s, %(keys)s, %(reason)s, %(by)s);

-- name: change
INSERT INTO changed_marks (player_key) SELECT unnest(%s::text []) ON CONFLICT DO NOTHING;

-- name: changed
-- What is said of each key of which ClickHouse is to know.
SELECT
    c.player_key,
    coalesce(max(CASE m.kind WHEN 'bot' THEN 1 WHEN 'person' THEN -1 END), 0) AS bot,
    coalesce(bool_or(m.kind = 'flag'), false) AS flagged,
    coalesce(max(m.reason) FILTER (WHERE m.kind = 'flag'), '') AS reason,
    coalesce((extract(EPOCH FROM max(m.made_at) FILTER (WHERE m.kind = 'flag')) * 1000)::bigint, 0) AS flagged_ms
FROM changed_marks AS c
LEFT JOIN admin_marks AS m ON m.undone_at IS NULL AND m.keys @> ARRAY[c.player_key]
GROUP BY c.player_key
ORDER BY c.player_key;

-- name: written
DELETE FROM changed_marks WHERE player_key = ANY(%s);

-- name: all
-- The marks that hold, the latest first: of some keys, or of all.
SELECT id, kind, player, keys, reason, made_at, made_by
FROM admin_marks
WHERE undone_at IS NULL AND (%(keys)s::text [] IS NULL OR keys && %(keys)s::text [])
ORDER BY id DESC
LIMIT %(limit)s;

-- name: reasons
SELECT id, reason FROM admin_marks WHERE reason != '';

-- name: blank
-- Reasons in which somebody was named who is to be erased.
WITH blanked AS (
    UPDATE admin_marks SET reason = '' WHERE id = ANY(%s) RETURNING keys
)

INSERT INTO changed_marks (player_key) SELECT unnest(keys) FROM blanked ON CONFLICT DO NOTHING;
