-- name: tell
INSERT INTO {prefix}mohaa_alerts (member_id, by_member, kind, said, path, made_at, once)
VALUES (%(member)s, %(by)s, %(kind)s, %(text)s, %(path)s, %(at)s, %(once)s);

-- name: lock
SELECT last FROM {prefix}mohaa_alert_numbers WHERE one = 1 FOR UPDATE;

-- name: without_number
-- Read without a lock, so that nobody waits for a transaction that is still telling.
SELECT id FROM {prefix}mohaa_alerts WHERE number IS NULL ORDER BY id LIMIT %(limit)s;

-- name: give_number
UPDATE {prefix}mohaa_alerts SET number = %(number)s WHERE id = %(id)s;

-- name: keep_last
UPDATE {prefix}mohaa_alert_numbers SET last = %(last)s WHERE one = 1;

-- name: after
SELECT number AS id, member_id AS member, by_member AS `by`, kind, said AS text, path, made_at AS at
FROM {prefix}mohaa_alerts
WHERE number > %(after)s
ORDER BY number
LIMIT %(limit)s;

-- name: forget
DELETE FROM {prefix}mohaa_alerts WHERE made_at < %(before)s LIMIT 10000;
