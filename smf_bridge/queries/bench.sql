-- What `afteraction bench forum` fills a database with that is its own.

-- name: tables
SELECT COUNT(*) AS found FROM information_schema.tables WHERE table_schema = DATABASE();

-- name: make_members
-- The columns that are read, as SMF 2.1 makes them, with its keys.
CREATE TABLE {prefix}members (
    id_member MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT,
    member_name VARCHAR(80) NOT NULL DEFAULT '',
    real_name VARCHAR(255) NOT NULL DEFAULT '',
    id_group SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    additional_groups VARCHAR(255) NOT NULL DEFAULT '',
    id_post_group SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    lngfile VARCHAR(255) NOT NULL DEFAULT '',
    is_activated TINYINT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (id_member),
    KEY idx_member_name (member_name),
    KEY idx_real_name (real_name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- name: members
INSERT INTO {prefix}members (id_member, member_name, real_name)
SELECT seq, CONCAT('member', seq), CONCAT('Member &amp; ', seq) FROM seq_1_to_10000000 WHERE seq <= %(members)s;

-- name: links
INSERT INTO {prefix}mohaa_player_links (client_id, member_id, linked_at)
SELECT CONCAT('client', seq), seq, UTC_TIMESTAMP(3) FROM seq_1_to_10000000 WHERE seq <= %(members)s;

-- name: codes
INSERT INTO {prefix}mohaa_login_tokens (id, member_id, issued_at, expires_at, outcome)
SELECT seq, 1 + MOD(seq, %(members)s), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'issued'
FROM seq_1_to_10000000 WHERE seq <= %(members)s * 3;

-- name: teams
INSERT INTO {prefix}mohaa_teams (id, name, tag, about, founded_by, founded_at)
SELECT seq, CONCAT('Team ', seq), CONCAT('T', seq), REPEAT('We play on Sundays. ', 20), seq * 8, UTC_TIMESTAMP(3)
FROM seq_1_to_10000000 WHERE seq <= %(teams)s;

-- name: rosters
INSERT INTO {prefix}mohaa_team_members (team_id, member_id, role, joined_at)
SELECT 1 + (seq - 1) DIV 8, seq, IF(MOD(seq, 8) = 0, 'captain', IF(MOD(seq, 8) = 1, 'officer', 'member')), UTC_TIMESTAMP(3)
FROM seq_1_to_10000000 WHERE seq <= %(teams)s * 8;

-- name: former
-- Who was in a team before, and is in another or in none now.
INSERT INTO {prefix}mohaa_team_members (team_id, member_id, role, joined_at, left_at, left_how, left_by)
SELECT 1 + MOD(seq, %(teams)s), 1 + MOD(seq * 7, %(members)s), 'member', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'left', 1
FROM seq_1_to_10000000 WHERE seq <= %(teams)s * 8;

-- name: invites
INSERT INTO {prefix}mohaa_team_invites (team_id, member_id, kind, asked_by, asked_at, expires_at)
SELECT 1 + MOD(seq, %(teams)s), seq, IF(MOD(seq, 2), 'invite', 'request'), 1, UTC_TIMESTAMP(3),
    UTC_TIMESTAMP(3) + INTERVAL 7 DAY
FROM seq_1_to_10000000 WHERE seq > %(teams)s * 8 AND seq <= %(members)s;

-- name: events
INSERT INTO {prefix}mohaa_team_events (team_id, at, what, by_member, member_id)
SELECT 1 + MOD(seq, %(teams)s), UTC_TIMESTAMP(3), 'accepted', 1 + MOD(seq, %(members)s), 1 + MOD(seq, %(members)s)
FROM seq_1_to_10000000 WHERE seq <= %(teams)s * 40;

-- name: progress
INSERT INTO {prefix}mohaa_achievement_progress (member_id, achievement_id, progress, unlocked_at, match_id)
SELECT s.seq, a.id, 1, IF(MOD(a.position + s.seq, 3), UTC_TIMESTAMP(3) - INTERVAL s.seq SECOND, NULL), '0000000000000001'
FROM seq_1_to_10000000 AS s
INNER JOIN {prefix}mohaa_achievements AS a ON MOD(a.position + s.seq, %(there_are)s) < %(each)s
WHERE s.seq <= %(members)s;

-- name: judged
INSERT INTO {prefix}mohaa_achievement_judged (member_id, digest, judged_at)
SELECT seq, 1, UTC_TIMESTAMP(3) FROM seq_1_to_10000000 WHERE seq <= %(members)s;

-- name: alerts
INSERT INTO {prefix}mohaa_alerts (number, member_id, kind, said, path, made_at)
SELECT seq, seq, 'unlock', 'Achievement unlocked', 'members/1/achievements', UTC_TIMESTAMP(3)
FROM seq_1_to_10000000 WHERE seq <= %(members)s;

-- name: numbered
UPDATE {prefix}mohaa_alert_numbers SET last = %(members)s WHERE one = 1;

-- name: tournaments
INSERT INTO {prefix}mohaa_tournaments
(name, about, format, rules, entrants, max_entrants, seeding, state, created_by, created_at, finished_at)
SELECT CONCAT('Old cup ', seq), '', 'single', '{}', 'solo', 16, 'manual', 'finished', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
FROM seq_1_to_10000000 WHERE seq <= %(tournaments)s;

-- name: entered
INSERT INTO {prefix}mohaa_tournament_registrations (tournament_id, member_id, name, state, seed, registered_at)
SELECT t.id, s.seq, CONCAT('Member ', s.seq), 'playing', s.seq, UTC_TIMESTAMP(3)
FROM {prefix}mohaa_tournaments AS t
INNER JOIN seq_1_to_16 AS s
WHERE t.state = 'finished';

-- name: entrants
INSERT INTO {prefix}mohaa_tournament_registrations (tournament_id, member_id, name, state, registered_at)
SELECT %(tournament)s, seq, CONCAT('Member ', seq), 'registered', UTC_TIMESTAMP(3)
FROM seq_1_to_10000000 WHERE seq <= %(entrants)s;

-- name: analyze
ANALYZE TABLE {prefix}members, {prefix}mohaa_player_links, {prefix}mohaa_teams, {prefix}mohaa_team_members,
{prefix}mohaa_team_invites, {prefix}mohaa_team_events, {prefix}mohaa_achievement_progress,
{prefix}mohaa_tournament_registrations;
