-- name: read_members
SELECT id_member, member_name, real_name, id_group, additional_groups, id_post_group, lngfile, is_activated
FROM {prefix}members LIMIT 1;

-- name: read_membergroups
SELECT id_group, group_name, online_color, min_posts, group_type FROM {prefix}membergroups LIMIT 1;

-- name: touch
-- Touches no row, and asks for the right to.
DELETE FROM {prefix}{table} WHERE FALSE;
