-- Teams. Where one row must not exist twice for as long as it is open, a generated column is NULL for those that are
-- closed, and unique.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_teams (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    name VARCHAR(64) NOT NULL,
    tag VARCHAR(12) NOT NULL,
    about TEXT NOT NULL,
    founded_by INT UNSIGNED NOT NULL,
    founded_at DATETIME(3) NOT NULL,
    disbanded_at DATETIME(3) NULL,
    open_name VARCHAR(64) AS (IF(disbanded_at IS NULL, name, NULL)) PERSISTENT,
    open_tag VARCHAR(12) AS (IF(disbanded_at IS NULL, tag, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY uniq_name (open_name),
    UNIQUE KEY uniq_tag (open_tag)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'teams, disbanded ones too';

CREATE TABLE IF NOT EXISTS {prefix}mohaa_team_members (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    team_id INT UNSIGNED NOT NULL,
    member_id INT UNSIGNED NOT NULL,
    role ENUM ('captain', 'officer', 'member') NOT NULL,
    joined_at DATETIME(3) NOT NULL,
    left_at DATETIME(3) NULL,
    left_how ENUM ('left', 'kicked', 'disbanded') NULL,
    left_by INT UNSIGNED NULL COMMENT 'the member who decided it',
    here INT UNSIGNED AS (IF(left_at IS NULL, member_id, NULL)) PERSISTENT,
    captain_of INT UNSIGNED AS (IF(left_at IS NULL AND role = 'captain', team_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY uniq_here (team_id, here),
    UNIQUE KEY uniq_captain (captain_of),
    KEY idx_member (member_id),
    CONSTRAINT {prefix}mohaa_team_members_team FOREIGN KEY (team_id) REFERENCES {prefix}mohaa_teams (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'who is and was in a team';

CREATE TABLE IF NOT EXISTS {prefix}mohaa_team_invites (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    team_id INT UNSIGNED NOT NULL,
    member_id INT UNSIGNED NOT NULL,
    kind ENUM ('invite', 'request') NOT NULL COMMENT 'request: the member asks to be let in',
    asked_by INT UNSIGNED NOT NULL,
    asked_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    outcome ENUM ('accepted', 'declined', 'withdrawn', 'expired') NULL COMMENT 'NULL: it is open',
    decided_by INT UNSIGNED NULL,
    decided_at DATETIME(3) NULL,
    open_member INT UNSIGNED AS (IF(outcome IS NULL, member_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY uniq_open (team_id, open_member, kind),
    KEY idx_member (member_id),
    CONSTRAINT {prefix}mohaa_team_invites_team FOREIGN KEY (team_id) REFERENCES {prefix}mohaa_teams (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'invitations and requests to join';
