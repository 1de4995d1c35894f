-- name: record
INSERT INTO audit_log (actor, key_id, name, address, action, subject, before, after)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb);

-- name: page
SELECT id, at, actor, key_id, name, address, action, subject, before, after
FROM audit_log
WHERE id < %(before)s
    AND (%(subject)s::text IS NULL OR subject = %(subject)s)
    AND (%(who)s::text IS NULL OR strpos(lower(name), lower(%(who)s)) > 0)
    AND (%(action)s::text IS NULL OR starts_with(action, %(action)s))
    AND (%(since)s::date IS NULL OR at >= %(since)s::date)
    AND (%(until)s::date IS NULL OR at < %(until)s::date + 1)
ORDER BY id DESC
LIMIT %(limit)s;
