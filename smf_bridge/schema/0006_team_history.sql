-- What teams show beside their names, one team for a member at a time, and all that ever happened in a team.

ALTER TABLE {prefix}mohaa_teams
ADD COLUMN IF NOT EXISTS colour CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '#4d5d2a',
ADD COLUMN IF NOT EXISTS second_colour CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '#d8d4c4';

-- Nobody is in two teams at once.
ALTER TABLE {prefix}mohaa_team_members ADD UNIQUE KEY IF NOT EXISTS uniq_one_team (here);

CREATE TABLE IF NOT EXISTS {prefix}mohaa_team_events (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    team_id INT UNSIGNED NOT NULL,
    at DATETIME(3) NOT NULL,
    what VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    by_member INT UNSIGNED NOT NULL COMMENT 'who did it; 0: time did',
    member_id INT UNSIGNED NULL COMMENT 'to whom, where it is about a member',
    about LONGTEXT NOT NULL DEFAULT '{}' COMMENT 'JSON: what it was and what it is' CHECK (JSON_VALID(about)),
    PRIMARY KEY (id),
    KEY idx_team (team_id, id),
    KEY idx_member (member_id),
    CONSTRAINT {prefix}mohaa_team_events_team FOREIGN KEY (team_id) REFERENCES {prefix}mohaa_teams (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
COMMENT = 'what happened in teams: rows are only added';
