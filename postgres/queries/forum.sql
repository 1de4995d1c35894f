-- name: changes
-- What the forum is to be told, as it is now.
SELECT
    c.kind, c.subject, c.changes, m.member_id AS linked_member, m.claimed_at, t.member_id AS code_member, t.created_at,
    t.expires_at, t.used_at, t.revoked_at
FROM forum_changes AS c
LEFT JOIN smf_user_mappings AS m ON c.kind = 'link' AND m.client_id = c.subject AND m.state = 'linked'
LEFT JOIN login_tokens AS t ON c.kind = 'code' AND t.id::text = c.subject
-- Those who were erased first: what is said of others must not be taken back with them.
ORDER BY c.kind = 'erased' DESC, c.kind, c.subject
LIMIT 500;

-- name: told
DELETE FROM forum_changes WHERE kind = %s AND subject = %s AND changes = %s;

-- name: forget
-- Without a forum nobody is to be told; links that there are wait for one.
DELETE FROM forum_changes AS c
WHERE c.kind <> 'link' OR NOT EXISTS (
    SELECT 1 FROM smf_user_mappings AS m WHERE m.client_id = c.subject AND m.state = 'linked'
);

-- name: kept
SELECT
    m.client_id, m.member_id,
    EXISTS (SELECT 1 FROM forum_changes AS c WHERE c.kind = 'link' AND c.subject = m.client_id) AS waits
FROM smf_user_mappings AS m
WHERE m.state = 'linked'
UNION ALL
SELECT c.subject AS client_id, NULL AS member_id, true AS waits
FROM forum_changes AS c
WHERE c.kind = 'link'
    AND NOT EXISTS (SELECT 1 FROM smf_user_mappings AS m WHERE m.client_id = c.subject AND m.state = 'linked');

-- name: tell_all
INSERT INTO forum_changes (kind, subject)
SELECT 'link' AS kind, client_id AS subject FROM smf_user_mappings WHERE state = 'linked'
ON CONFLICT (kind, subject) DO UPDATE SET changes = forum_changes.changes + 1;

-- name: now
SELECT
    (SELECT count(*) > 0 FROM forum_changes AS c WHERE c.kind = 'link' AND c.subject = %(client)s) AS waits,
    (SELECT m.member_id FROM smf_user_mappings AS m WHERE m.client_id = %(client)s AND m.state = 'linked') AS member_id;

-- name: adopt
-- A link that the forum has and that was not made by a login here.
INSERT INTO smf_user_mappings (client_id, member_id, member_name, state, claimed_at, last_login_at)
VALUES (%(client)s, %(member)s, %(name)s, 'unlinked', %(at)s, %(at)s)
ON CONFLICT (client_id, member_id) DO NOTHING;
