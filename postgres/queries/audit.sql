-- name: record
INSERT INTO audit_log (actor, key_id, name, address, action, subject, before, after)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb);

-- name: page
SELECT id, at, actor, key_id, name, address, action, subject, before, after
FROM audit_log
WHERE id < %s AND (%s::text IS NULL OR subject = %s)
ORDER BY id DESC
LIMIT %s;
