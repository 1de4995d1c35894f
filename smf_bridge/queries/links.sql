-- name: link
INSERT INTO {prefix}mohaa_player_links (client_id, member_id, linked_at)
VALUES (%(client)s, %(member)s, %(at)s)
ON DUPLICATE KEY UPDATE member_id = %(member)s, linked_at = %(at)s;

-- name: unlink
DELETE FROM {prefix}mohaa_player_links WHERE client_id = %(client)s;

-- name: all
SELECT l.client_id, l.member_id, l.linked_at, m.real_name AS name
FROM {prefix}mohaa_player_links AS l
LEFT JOIN {prefix}members AS m ON m.id_member = l.member_id
WHERE l.client_id > %(after)s
ORDER BY l.client_id
LIMIT 5000;

-- name: note_code
INSERT INTO {prefix}mohaa_login_tokens (id, member_id, issued_at, expires_at, outcome, ended_at)
VALUES (%(id)s, %(member)s, %(issued)s, %(expires)s, %(outcome)s, %(ended)s)
ON DUPLICATE KEY UPDATE outcome = %(outcome)s, ended_at = %(ended)s;

-- name: codes
SELECT id, issued_at, expires_at, outcome, ended_at FROM {prefix}mohaa_login_tokens
WHERE member_id = %(member)s
ORDER BY id DESC
LIMIT %(limit)s;

-- name: forget_codes
DELETE FROM {prefix}mohaa_login_tokens WHERE issued_at < %(before)s;
