-- name: one
SELECT id_member AS id, real_name AS name, is_activated = 1 AS active FROM {prefix}members
WHERE id_member = %(member)s;

-- name: some
SELECT id_member AS id, real_name AS name, is_activated = 1 AS active FROM {prefix}members
WHERE id_member IN %(members)s;

-- name: called
SELECT id_member AS member_id FROM {prefix}members
WHERE real_name IN %(names)s
ORDER BY id_member
LIMIT 2;

-- name: gone
-- Whom the forum does not have any more, and of whom these tables still know: how many rows of each kind.
SELECT k.member, k.what, COUNT(*) AS found
FROM (
    SELECT member_id AS member, 'links' AS what FROM {prefix}mohaa_player_links
    UNION ALL
    SELECT member_id, 'codes' FROM {prefix}mohaa_login_tokens
    UNION ALL
    -- One row for all that a member has earned.
    SELECT member_id, 'achievements' FROM {prefix}mohaa_achievement_judged WHERE member_id != 0
    UNION ALL
    SELECT member_id, 'teams' FROM {prefix}mohaa_team_members
    UNION ALL
    SELECT member_id, 'invitations' FROM {prefix}mohaa_team_invites
    UNION ALL
    SELECT member_id, 'registrations' FROM {prefix}mohaa_tournament_registrations
    UNION ALL
    SELECT member_id, 'tournaments' FROM {prefix}mohaa_tournament_admins
) AS k
LEFT JOIN {prefix}members AS m ON m.id_member = k.member
WHERE m.id_member IS NULL AND k.member < %(former)s
GROUP BY k.member, k.what
ORDER BY k.member, k.what;
