-- name: exists
SELECT COUNT(*) AS found FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = %(name)s;

-- name: make_versions
CREATE TABLE IF NOT EXISTS {prefix}mohaa_schema (
    number SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(64) NOT NULL,
    checksum CHAR(64) NOT NULL,
    applied_at DATETIME(3) NOT NULL,
    PRIMARY KEY (number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = 'which files of the schema have run';

-- name: applied
SELECT number, name, checksum FROM {prefix}mohaa_schema ORDER BY number;

-- name: note
INSERT INTO {prefix}mohaa_schema (number, name, checksum, applied_at)
VALUES (%(number)s, %(name)s, %(checksum)s, UTC_TIMESTAMP(3));

-- name: lock
SELECT GET_LOCK(%(name)s, %(seconds)s) AS got;

-- name: unlock
SELECT RELEASE_LOCK(%(name)s) AS got;
