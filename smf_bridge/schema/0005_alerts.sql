-- What SMF is to alert its members about. Whatever decides something writes the alert in the same transaction.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_alerts (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    number BIGINT UNSIGNED NULL COMMENT 'by which the forum fetches it; given when it asks, so that none commits behind it',
    member_id INT UNSIGNED NOT NULL COMMENT 'who is alerted',
    by_member INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'whose doing it is; 0: nobody''s',
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    said VARCHAR(255) NOT NULL COMMENT 'as a sentence in English',
    path VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the area it leads to, as teams/5',
    made_at DATETIME(3) NOT NULL,
    once VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'one alert has this, however often it is said',
    PRIMARY KEY (id),
    UNIQUE KEY uniq_number (number),
    UNIQUE KEY uniq_once (once),
    KEY idx_member (member_id),
    KEY idx_made (made_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'what SMF alerts its members about';

CREATE TABLE IF NOT EXISTS {prefix}mohaa_alert_numbers (
    one TINYINT UNSIGNED NOT NULL DEFAULT 1,
    last BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (one),
    CHECK (one = 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'the number that was given last';

INSERT IGNORE INTO {prefix}mohaa_alert_numbers (one, last) VALUES (1, 0);
