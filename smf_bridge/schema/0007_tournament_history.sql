-- What was done in a tournament, by whom, and what stood there before: rows are added, never changed.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_tournament_history (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    tournament_id INT UNSIGNED NOT NULL,
    at DATETIME(3) NOT NULL,
    member_id INT UNSIGNED NOT NULL,
    what VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    bracket_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    registration_id INT UNSIGNED NULL,
    detail LONGTEXT NOT NULL DEFAULT '{}' COMMENT 'JSON: before, after, why' CHECK (JSON_VALID(detail)),
    PRIMARY KEY (id),
    KEY idx_tournament (tournament_id, id),
    CONSTRAINT {prefix}mohaa_tournament_history_of
    FOREIGN KEY (tournament_id) REFERENCES {prefix}mohaa_tournaments (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Brackets are drawn anew from entrants, results and withdrawals: so of a withdrawal its place among them is kept, and
-- from when on it counts.
ALTER TABLE {prefix}mohaa_tournament_registrations
ADD COLUMN IF NOT EXISTS left_place SMALLINT UNSIGNED NULL COMMENT '1 left first; NULL: before the start, or never',
ADD COLUMN IF NOT EXISTS left_stage SMALLINT UNSIGNED NULL
COMMENT 'Swiss: the first round without them; groups: 1 in the groups, 2 in the playoffs';
