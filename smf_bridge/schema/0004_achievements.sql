-- Achievements: the catalogue as it was last read from its file, and who has earned what.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_achievements (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name VARCHAR(100) NOT NULL,
    about VARCHAR(255) NOT NULL,
    category VARCHAR(32) NOT NULL,
    tier ENUM ('bronze', 'silver', 'gold', 'platinum') NOT NULL,
    kind ENUM ('match', 'career') NOT NULL,
    hidden TINYINT(1) NOT NULL DEFAULT 0,
    target DOUBLE NOT NULL DEFAULT 1 COMMENT 'at which progress is complete',
    position SMALLINT UNSIGNED NOT NULL,
    retired TINYINT(1) NOT NULL DEFAULT 0 COMMENT 'not in the file any more; who has it keeps it',
    PRIMARY KEY (id),
    KEY idx_category (category, position)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS {prefix}mohaa_achievement_progress (
    member_id INT UNSIGNED NOT NULL,
    achievement_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    progress DOUBLE NOT NULL DEFAULT 0,
    unlocked_at DATETIME(3) NULL,
    match_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the match that earned it',
    told_at DATETIME(3) NULL COMMENT 'when the forum alerted the member',
    PRIMARY KEY (member_id, achievement_id),
    KEY idx_achievement (achievement_id, unlocked_at),
    KEY idx_untold (told_at, unlocked_at),
    CONSTRAINT {prefix}mohaa_achievement_progress_of
    FOREIGN KEY (achievement_id) REFERENCES {prefix}mohaa_achievements (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
