-- What members were judged by, so that whoever has done nothing new is not judged again.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_achievement_judged (
    member_id INT UNSIGNED NOT NULL COMMENT '0: the catalogue itself',
    digest BIGINT UNSIGNED NOT NULL COMMENT 'of all that may earn something; 0: not judged yet',
    judged_at DATETIME(3) NOT NULL,
    PRIMARY KEY (member_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
