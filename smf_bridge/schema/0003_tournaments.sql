-- Tournaments. What the rules of smf_bridge.brackets are asked with: entrants in the order of their seeds, and results.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_tournaments (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    name VARCHAR(100) NOT NULL,
    about TEXT NOT NULL,
    format ENUM ('single', 'double', 'round_robin', 'swiss', 'groups') NOT NULL,
    rules LONGTEXT NOT NULL COMMENT 'JSON: what the format is told beside its entrants' CHECK (JSON_VALID(rules)),
    entrants ENUM ('solo', 'team') NOT NULL,
    max_entrants SMALLINT UNSIGNED NOT NULL,
    seeding ENUM ('rating', 'manual') NOT NULL,
    state ENUM ('draft', 'registration', 'check_in', 'running', 'finished', 'cancelled') NOT NULL,
    created_by INT UNSIGNED NOT NULL,
    created_at DATETIME(3) NOT NULL,
    opens_at DATETIME(3) NULL,
    closes_at DATETIME(3) NULL,
    check_in_at DATETIME(3) NULL,
    starts_at DATETIME(3) NULL,
    finished_at DATETIME(3) NULL,
    version INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'counts changes; who changes a state names the one that was seen',
    PRIMARY KEY (id),
    KEY idx_state (state, starts_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS {prefix}mohaa_tournament_admins (
    tournament_id INT UNSIGNED NOT NULL,
    member_id INT UNSIGNED NOT NULL,
    role ENUM ('owner', 'staff') NOT NULL,
    added_by INT UNSIGNED NOT NULL,
    added_at DATETIME(3) NOT NULL,
    PRIMARY KEY (tournament_id, member_id),
    KEY idx_member (member_id),
    CONSTRAINT {prefix}mohaa_tournament_admins_of
    FOREIGN KEY (tournament_id) REFERENCES {prefix}mohaa_tournaments (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'who runs a tournament';

CREATE TABLE IF NOT EXISTS {prefix}mohaa_tournament_registrations (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    tournament_id INT UNSIGNED NOT NULL,
    member_id INT UNSIGNED NOT NULL COMMENT 'who plays, or for a team who registered it',
    team_id INT UNSIGNED NULL COMMENT 'NULL in a tournament of single players',
    name VARCHAR(100) NOT NULL COMMENT 'as it stood when they registered: brackets keep it',
    state ENUM ('registered', 'waiting', 'checked_in', 'playing', 'withdrawn', 'rejected') NOT NULL,
    seed SMALLINT UNSIGNED NULL COMMENT '1 is the best',
    rating DOUBLE NULL COMMENT 'by which it was seeded',
    registered_at DATETIME(3) NOT NULL,
    checked_in_at DATETIME(3) NULL,
    withdrawn_at DATETIME(3) NULL,
    solo_member INT UNSIGNED AS (IF(team_id IS NULL, member_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY uniq_team (tournament_id, team_id),
    UNIQUE KEY uniq_solo (tournament_id, solo_member),
    UNIQUE KEY uniq_seed (tournament_id, seed),
    KEY idx_member (member_id),
    KEY idx_team (team_id),
    CONSTRAINT {prefix}mohaa_tournament_registrations_of
    FOREIGN KEY (tournament_id) REFERENCES {prefix}mohaa_tournaments (id) ON DELETE CASCADE,
    CONSTRAINT {prefix}mohaa_tournament_registrations_team
    FOREIGN KEY (team_id) REFERENCES {prefix}mohaa_teams (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS {prefix}mohaa_tournament_matches (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    tournament_id INT UNSIGNED NOT NULL,
    bracket_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'by which the rules name it',
    home_id INT UNSIGNED NULL,
    away_id INT UNSIGNED NULL,
    scheduled_at DATETIME(3) NULL,
    state ENUM ('open', 'reported', 'disputed', 'confirmed') NOT NULL,
    winner_id INT UNSIGNED NULL,
    home_score SMALLINT UNSIGNED NULL,
    away_score SMALLINT UNSIGNED NULL,
    how ENUM ('staff', 'captains', 'match', 'forfeit') NULL COMMENT 'whose word the result is',
    match_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the match of the platform it was played in',
    reports LONGTEXT NOT NULL DEFAULT '[]' COMMENT 'JSON: what each side said, and when' CHECK (JSON_VALID(reports)),
    confirmed_by INT UNSIGNED NULL,
    confirmed_at DATETIME(3) NULL,
    version INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY uniq_bracket (tournament_id, bracket_key),
    KEY idx_match (match_id),
    CONSTRAINT {prefix}mohaa_tournament_matches_of
    FOREIGN KEY (tournament_id) REFERENCES {prefix}mohaa_tournaments (id) ON DELETE CASCADE,
    CONSTRAINT {prefix}mohaa_tournament_matches_home
    FOREIGN KEY (home_id) REFERENCES {prefix}mohaa_tournament_registrations (id),
    CONSTRAINT {prefix}mohaa_tournament_matches_away
    FOREIGN KEY (away_id) REFERENCES {prefix}mohaa_tournament_registrations (id),
    CONSTRAINT {prefix}mohaa_tournament_matches_winner
    FOREIGN KEY (winner_id) REFERENCES {prefix}mohaa_tournament_registrations (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
