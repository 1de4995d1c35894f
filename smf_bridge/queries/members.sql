-- name: one
SELECT id_member AS id, real_name AS name, is_activated = 1 AS active FROM {prefix}members
WHERE id_member = %(member)s;

-- name: some
SELECT id_member AS id, real_name AS name, is_activated = 1 AS active FROM {prefix}members
WHERE id_member IN %(members)s;
