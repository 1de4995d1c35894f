-- What the bridge's tables know of a member: it goes, or becomes a stand-in's, who is nobody.

-- name: links
DELETE FROM {prefix}mohaa_player_links WHERE member_id = %(member)s;

-- name: codes
DELETE FROM {prefix}mohaa_login_tokens WHERE member_id = %(member)s;

-- name: judged
DELETE FROM {prefix}mohaa_achievement_judged WHERE member_id = %(member)s;

-- name: progress
DELETE FROM {prefix}mohaa_achievement_progress WHERE member_id = %(member)s;

-- name: alerts
DELETE FROM {prefix}mohaa_alerts WHERE member_id = %(member)s OR by_member = %(member)s;

-- name: entries
SELECT id, tournament_id FROM {prefix}mohaa_tournament_registrations WHERE member_id = %(member)s AND team_id IS NULL;

-- name: alerts_of_matches
-- Those told others against whom they play; the key finds them by how `once` begins.
DELETE FROM {prefix}mohaa_alerts WHERE once LIKE %(like)s;

-- name: names
UPDATE {prefix}mohaa_tournament_registrations SET name = %(name)s WHERE member_id = %(member)s AND team_id IS NULL;

-- name: teams
UPDATE {prefix}mohaa_teams SET founded_by = %(stand_in)s WHERE founded_by = %(member)s;

-- name: team_members
UPDATE {prefix}mohaa_team_members
SET member_id = IF(member_id = %(member)s, %(stand_in)s, member_id),
    left_by = IF(left_by = %(member)s, %(stand_in)s, left_by)
WHERE %(member)s IN (member_id, left_by);

-- name: team_invites
UPDATE {prefix}mohaa_team_invites
SET member_id = IF(member_id = %(member)s, %(stand_in)s, member_id),
    asked_by = IF(asked_by = %(member)s, %(stand_in)s, asked_by),
    decided_by = IF(decided_by = %(member)s, %(stand_in)s, decided_by)
WHERE %(member)s IN (member_id, asked_by, decided_by);

-- name: team_events
UPDATE {prefix}mohaa_team_events
SET member_id = IF(member_id = %(member)s, %(stand_in)s, member_id),
    by_member = IF(by_member = %(member)s, %(stand_in)s, by_member),
    about = IF(
        what = 'transferred' AND JSON_VALUE(about, '$.before') = %(member)s,
        JSON_SET(about, '$.before', CAST(%(stand_in)s AS UNSIGNED)), about
    )
WHERE %(member)s IN (member_id, by_member)
    OR (what = 'transferred' AND JSON_VALUE(about, '$.before') = %(member)s);

-- name: tournaments
UPDATE {prefix}mohaa_tournaments SET created_by = %(stand_in)s WHERE created_by = %(member)s;

-- name: staff
UPDATE {prefix}mohaa_tournament_admins SET added_by = %(stand_in)s WHERE added_by = %(member)s;

-- name: registrations
UPDATE {prefix}mohaa_tournament_registrations SET member_id = %(stand_in)s WHERE member_id = %(member)s;

-- name: confirmed
UPDATE {prefix}mohaa_tournament_matches SET confirmed_by = %(stand_in)s WHERE confirmed_by = %(member)s;

-- name: reported
SELECT id, reports FROM {prefix}mohaa_tournament_matches
WHERE reports LIKE CONCAT('%%"member":', %(member)s, ',%%')
FOR UPDATE;

-- name: report
UPDATE {prefix}mohaa_tournament_matches SET reports = %(reports)s WHERE id = %(id)s;

-- name: history_of_staff
UPDATE {prefix}mohaa_tournament_history SET detail = JSON_SET(detail, '$.member', CAST(%(stand_in)s AS UNSIGNED))
WHERE what IN ('staff_added', 'staff_removed', 'owner_changed') AND JSON_VALUE(detail, '$.member') = %(member)s;

-- name: history
-- Their reasons were their own words.
UPDATE {prefix}mohaa_tournament_history SET member_id = %(stand_in)s, detail = JSON_REMOVE(detail, '$.why')
WHERE member_id = %(member)s;
