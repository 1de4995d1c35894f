-- name: lock
SELECT id, name, about, format, rules, entrants, max_entrants, seeding, state, created_by, created_at, opens_at,
    closes_at, check_in_at, starts_at, finished_at, version
FROM {prefix}mohaa_tournaments WHERE id = %(tournament)s FOR UPDATE;

-- name: one
SELECT id, name, about, format, rules, entrants, max_entrants, seeding, state, created_by, created_at, opens_at,
    closes_at, check_in_at, starts_at, finished_at, version
FROM {prefix}mohaa_tournaments WHERE id = %(tournament)s;

-- name: page
SELECT t.id, t.name, t.format, t.entrants, t.max_entrants, t.state, t.opens_at, t.closes_at, t.check_in_at, t.starts_at,
    t.finished_at,
    (
        SELECT COUNT(*) FROM {prefix}mohaa_tournament_registrations AS r
        WHERE r.tournament_id = t.id AND (r.state IN ('registered', 'checked_in', 'playing') OR r.left_place IS NOT NULL)
    ) AS entered
FROM {prefix}mohaa_tournaments AS t
WHERE t.state IN %(states)s AND t.id < %(before)s
ORDER BY t.id DESC LIMIT %(count)s;

-- name: drafts
SELECT t.id, t.name, t.format, t.entrants, t.max_entrants, t.state, t.opens_at, t.closes_at, t.check_in_at, t.starts_at,
    t.finished_at, 0 AS entered
FROM {prefix}mohaa_tournaments AS t
INNER JOIN {prefix}mohaa_tournament_admins AS a ON a.tournament_id = t.id AND a.member_id = %(member)s
WHERE t.state = 'draft' ORDER BY t.id DESC LIMIT 50;

-- name: add
INSERT INTO {prefix}mohaa_tournaments
(name, about, format, rules, entrants, max_entrants, seeding, state, created_by, created_at, opens_at, closes_at,
    check_in_at, starts_at)
VALUES (%(name)s, %(about)s, %(format)s, %(rules)s, %(entrants)s, %(max_entrants)s, %(seeding)s, 'draft', %(member)s,
    %(now)s, %(opens_at)s, %(closes_at)s, %(check_in_at)s, %(starts_at)s);

-- name: edit
UPDATE {prefix}mohaa_tournaments
SET name = %(name)s, about = %(about)s, format = %(format)s, rules = %(rules)s, entrants = %(entrants)s,
    max_entrants = %(max_entrants)s, seeding = %(seeding)s, opens_at = %(opens_at)s, closes_at = %(closes_at)s,
    check_in_at = %(check_in_at)s, starts_at = %(starts_at)s, version = version + 1
WHERE id = %(tournament)s;

-- name: set_state
UPDATE {prefix}mohaa_tournaments SET state = %(state)s, finished_at = %(finished_at)s, version = version + 1
WHERE id = %(tournament)s;

-- name: begin
UPDATE {prefix}mohaa_tournaments SET starts_at = LEAST(starts_at, %(now)s) WHERE id = %(tournament)s;

-- name: staff
SELECT member_id, role FROM {prefix}mohaa_tournament_admins WHERE tournament_id = %(tournament)s
ORDER BY role, added_at, member_id;

-- name: add_staff
INSERT INTO {prefix}mohaa_tournament_admins (tournament_id, member_id, role, added_by, added_at)
VALUES (%(tournament)s, %(member)s, %(role)s, %(by)s, %(now)s);

-- name: remove_staff
DELETE FROM {prefix}mohaa_tournament_admins
WHERE tournament_id = %(tournament)s AND member_id = %(member)s AND role = 'staff';

-- name: registrations
SELECT id, member_id, team_id, name, state, seed, rating, registered_at, checked_in_at, left_place, left_stage
FROM {prefix}mohaa_tournament_registrations WHERE tournament_id = %(tournament)s
ORDER BY seed IS NULL, seed, registered_at, id;

-- name: register
INSERT INTO {prefix}mohaa_tournament_registrations (tournament_id, member_id, team_id, name, state, registered_at)
VALUES (%(tournament)s, %(member)s, %(team)s, %(name)s, %(state)s, %(now)s);

-- name: register_again
UPDATE {prefix}mohaa_tournament_registrations
SET member_id = %(member)s, name = %(name)s, state = %(state)s, seed = NULL, rating = NULL, registered_at = %(now)s,
    checked_in_at = NULL, withdrawn_at = NULL
WHERE id = %(registration)s;

-- name: set_registration
UPDATE {prefix}mohaa_tournament_registrations
SET state = %(state)s, checked_in_at = %(checked_in_at)s WHERE id = %(registration)s;

-- name: withdraw
UPDATE {prefix}mohaa_tournament_registrations
SET state = %(state)s, seed = NULL, checked_in_at = NULL, withdrawn_at = %(now)s WHERE id = %(registration)s;

-- name: leave
UPDATE {prefix}mohaa_tournament_registrations
SET state = 'withdrawn', withdrawn_at = %(now)s, left_place = %(place)s, left_stage = %(stage)s
WHERE id = %(registration)s;

-- name: no_seeds
UPDATE {prefix}mohaa_tournament_registrations SET seed = NULL WHERE tournament_id = %(tournament)s;

-- name: set_seed
UPDATE {prefix}mohaa_tournament_registrations SET seed = %(seed)s WHERE id = %(registration)s;

-- name: plays
UPDATE {prefix}mohaa_tournament_registrations SET seed = %(seed)s, rating = %(rating)s, state = 'playing'
WHERE id = %(registration)s;

-- name: matches
SELECT id, bracket_key, home_id, away_id, scheduled_at, state, winner_id, home_score, away_score, how, match_id, reports,
    confirmed_by, confirmed_at, version
FROM {prefix}mohaa_tournament_matches WHERE tournament_id = %(tournament)s;

-- name: put_match
INSERT INTO {prefix}mohaa_tournament_matches
(tournament_id, bracket_key, home_id, away_id, scheduled_at, state, winner_id, home_score, away_score, how, match_id,
    reports, confirmed_by, confirmed_at)
VALUES (%(tournament)s, %(bracket_key)s, %(home_id)s, %(away_id)s, %(scheduled_at)s, %(state)s, %(winner_id)s,
    %(home_score)s, %(away_score)s, %(how)s, %(match_id)s, %(reports)s, %(confirmed_by)s, %(confirmed_at)s)
ON DUPLICATE KEY UPDATE
    home_id = VALUES(home_id), away_id = VALUES(away_id), scheduled_at = VALUES(scheduled_at), state = VALUES(state),
    winner_id = VALUES(winner_id), home_score = VALUES(home_score), away_score = VALUES(away_score), how = VALUES(how),
    match_id = VALUES(match_id), reports = VALUES(reports), confirmed_by = VALUES(confirmed_by),
    confirmed_at = VALUES(confirmed_at), version = version + 1;

-- name: note
INSERT INTO {prefix}mohaa_tournament_history (tournament_id, at, member_id, what, bracket_key, registration_id, detail)
VALUES (%(tournament)s, %(now)s, %(member)s, %(what)s, %(bracket_key)s, %(registration)s, %(detail)s);

-- name: history
SELECT id, at, member_id, what, bracket_key, registration_id, detail
FROM {prefix}mohaa_tournament_history WHERE tournament_id = %(tournament)s AND id < %(before)s
ORDER BY id DESC LIMIT %(count)s;

-- name: team
SELECT id, name, disbanded_at IS NULL AS there FROM {prefix}mohaa_teams WHERE id = %(team)s LOCK IN SHARE MODE;

-- name: rosters
SELECT team_id, member_id, role FROM {prefix}mohaa_team_members
WHERE team_id IN %(teams)s AND left_at IS NULL ORDER BY team_id, role, joined_at;

-- name: led_by
SELECT t.id, t.name, TRUE AS there FROM {prefix}mohaa_teams AS t
INNER JOIN {prefix}mohaa_team_members AS m ON m.team_id = t.id
WHERE m.member_id = %(member)s AND m.left_at IS NULL AND m.role IN ('captain', 'officer') AND t.disbanded_at IS NULL
ORDER BY t.name;

-- name: remove_any_staff
DELETE FROM {prefix}mohaa_tournament_admins WHERE tournament_id = %(tournament)s AND member_id = %(member)s;

-- name: own
UPDATE {prefix}mohaa_tournament_admins SET role = 'owner'
WHERE tournament_id = %(tournament)s AND member_id = %(member)s;

-- name: live_of_team
SELECT DISTINCT t.id
FROM {prefix}mohaa_tournament_registrations AS r
INNER JOIN {prefix}mohaa_tournaments AS t ON t.id = r.tournament_id
WHERE r.team_id = %(team)s AND t.state IN ('registration', 'running')
    AND r.state IN ('registered', 'waiting', 'checked_in', 'playing')
ORDER BY t.id;

-- name: live_of_member
SELECT r.tournament_id AS id
FROM {prefix}mohaa_tournament_registrations AS r
INNER JOIN {prefix}mohaa_tournaments AS t ON t.id = r.tournament_id
WHERE r.member_id = %(member)s AND r.team_id IS NULL AND t.state IN ('registration', 'running')
UNION
SELECT tournament_id AS id FROM {prefix}mohaa_tournament_admins WHERE member_id = %(member)s
ORDER BY id;
