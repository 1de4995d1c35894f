-- name: lock
-- Whoever changes anything about a team holds this row first.
SELECT id, name, tag, about, colour, second_colour, founded_by, founded_at, disbanded_at
FROM {prefix}mohaa_teams
WHERE id = %(team)s
FOR UPDATE;

-- name: one
SELECT id, name, tag, about, colour, second_colour, founded_by, founded_at, disbanded_at
FROM {prefix}mohaa_teams
WHERE id = %(team)s;

-- name: found
INSERT INTO {prefix}mohaa_teams (name, tag, about, colour, second_colour, founded_by, founded_at)
VALUES (%(name)s, %(tag)s, %(about)s, %(colour)s, %(second_colour)s, %(by)s, %(at)s);

-- name: edit
UPDATE {prefix}mohaa_teams
SET name = %(name)s, tag = %(tag)s, about = %(about)s, colour = %(colour)s, second_colour = %(second_colour)s
WHERE id = %(team)s;

-- name: disband
UPDATE {prefix}mohaa_teams SET disbanded_at = %(at)s WHERE id = %(team)s;

-- name: join
INSERT INTO {prefix}mohaa_team_members (team_id, member_id, role, joined_at)
VALUES (%(team)s, %(member)s, %(role)s, %(at)s);

-- name: leave
UPDATE {prefix}mohaa_team_members
SET left_at = %(at)s, left_how = %(how)s, left_by = %(by)s
WHERE team_id = %(team)s AND here = %(member)s;

-- name: leave_all
UPDATE {prefix}mohaa_team_members
SET left_at = %(at)s, left_how = 'disbanded', left_by = %(by)s
WHERE team_id = %(team)s AND here IS NOT NULL;

-- name: set_role
UPDATE {prefix}mohaa_team_members SET role = %(role)s WHERE team_id = %(team)s AND here = %(member)s;

-- name: roster
SELECT member_id, role, joined_at
FROM {prefix}mohaa_team_members
WHERE team_id = %(team)s AND here IS NOT NULL
ORDER BY role, joined_at, id;

-- name: spells
-- Who was in a team from when to when, the present ones first.
SELECT member_id, role, joined_at, left_at, left_how, left_by
FROM {prefix}mohaa_team_members
WHERE team_id = %(team)s
ORDER BY left_at IS NOT NULL, left_at DESC, joined_at DESC, id DESC;

-- name: team_of
SELECT t.id, t.name, t.tag, m.role
FROM {prefix}mohaa_team_members AS m
INNER JOIN {prefix}mohaa_teams AS t ON t.id = m.team_id
WHERE m.here = %(member)s;

-- name: ask
INSERT INTO {prefix}mohaa_team_invites (team_id, member_id, kind, asked_by, asked_at, expires_at)
VALUES (%(team)s, %(member)s, %(kind)s, %(by)s, %(at)s, %(until)s);

-- name: asked
SELECT id, member_id, kind, asked_by, asked_at, expires_at, outcome
FROM {prefix}mohaa_team_invites
WHERE id = %(invite)s AND team_id = %(team)s;

-- name: open
SELECT id, member_id, kind, asked_by, asked_at, expires_at, outcome
FROM {prefix}mohaa_team_invites
WHERE team_id = %(team)s AND outcome IS NULL
ORDER BY id;

-- name: decide
UPDATE {prefix}mohaa_team_invites
SET outcome = %(outcome)s, decided_by = %(by)s, decided_at = %(at)s
WHERE id = %(invite)s AND outcome IS NULL;

-- name: expire
UPDATE {prefix}mohaa_team_invites SET outcome = 'expired', decided_at = expires_at WHERE id = %(invite)s;

-- name: declined_since
SELECT COUNT(*) AS found
FROM {prefix}mohaa_team_invites
WHERE team_id = %(team)s AND member_id = %(member)s AND kind = %(kind)s AND outcome = 'declined'
    AND decided_at > %(since)s;

-- name: open_requests_of
SELECT COUNT(*) AS found
FROM {prefix}mohaa_team_invites
WHERE member_id = %(member)s AND outcome IS NULL AND kind = 'request' AND expires_at > %(at)s;

-- name: asked_of_member
-- Where a member is invited, or has asked to be let in.
SELECT i.id, i.kind, i.asked_by, i.asked_at, i.expires_at, t.id AS team_id, t.name, t.tag
FROM {prefix}mohaa_team_invites AS i
INNER JOIN {prefix}mohaa_teams AS t ON t.id = i.team_id
WHERE i.member_id = %(member)s AND i.outcome IS NULL AND i.expires_at > %(at)s
ORDER BY i.id DESC;

-- name: note
INSERT INTO {prefix}mohaa_team_events (team_id, at, what, by_member, member_id, about)
VALUES (%(team)s, %(at)s, %(what)s, %(by)s, %(member)s, %(about)s);

-- name: events
SELECT id, at, what, by_member, member_id, about
FROM {prefix}mohaa_team_events
WHERE team_id = %(team)s AND id < %(before)s
ORDER BY id DESC
LIMIT %(limit)s;

-- name: list
SELECT
    t.id, t.name, t.tag, t.colour, t.second_colour, t.founded_at,
    (SELECT COUNT(*) FROM {prefix}mohaa_team_members AS m WHERE m.team_id = t.id AND m.here IS NOT NULL) AS members,
    (SELECT c.member_id FROM {prefix}mohaa_team_members AS c WHERE c.captain_of = t.id) AS captain
FROM {prefix}mohaa_teams AS t
WHERE t.open_name > %(after)s
    AND (%(like)s = '%%' OR t.open_name LIKE %(like)s ESCAPE '|' OR t.open_tag LIKE %(like)s ESCAPE '|')
ORDER BY t.open_name
LIMIT %(limit)s;

-- name: open_of_member
SELECT id, member_id, kind, asked_by, asked_at, expires_at, outcome
FROM {prefix}mohaa_team_invites
WHERE member_id = %(member)s AND outcome IS NULL
ORDER BY id
FOR UPDATE;
