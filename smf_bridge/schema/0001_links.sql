-- Whose a client is, and what became of login codes. Members are SMF's; its tables may be MyISAM, so that no
-- foreign key can lead there.

CREATE TABLE IF NOT EXISTS {prefix}mohaa_player_links (
    client_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the id in the client''s userinfo',
    member_id INT UNSIGNED NOT NULL,
    linked_at DATETIME(3) NOT NULL,
    PRIMARY KEY (client_id),
    KEY idx_member (member_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
COMMENT = 'whose a client is: the truth, of which the platform keeps a copy';

CREATE TABLE IF NOT EXISTS {prefix}mohaa_login_tokens (
    id BIGINT UNSIGNED NOT NULL COMMENT 'as in login_tokens of Postgres; the code is nowhere in here',
    member_id INT UNSIGNED NOT NULL,
    issued_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    outcome ENUM ('issued', 'used', 'revoked') NOT NULL COMMENT 'issued, and expires_at is over: nobody used it',
    ended_at DATETIME(3) NULL COMMENT 'when it was used or revoked',
    PRIMARY KEY (id),
    KEY idx_member (member_id, issued_at),
    KEY idx_issued (issued_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci
COMMENT = 'which login codes were issued, and what became of them';
