-- What admins say of players: it beats what events say. Postgres is its truth (api/players/marks.py); this is what
-- queries read. A key without a row has no mark; so has one whose row says nothing.

CREATE TABLE IF NOT EXISTS player_marks
(
    player_key UInt64,
    bot Int8 COMMENT '1: a bot, -1: none, 0: what events say',
    flagged Bool COMMENT 'stands on no board',
    reason String COMMENT 'of the flag',
    flagged_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY player_key
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Who is a bot is decided here and nowhere else. A person is one when any of their keys is.
CREATE VIEW IF NOT EXISTS bot_keys AS
SELECT player_key
FROM player_identities
WHERE bot AND player_key NOT IN (SELECT player_key FROM player_marks FINAL WHERE bot = -1)
UNION DISTINCT
SELECT player_key
FROM player_marks FINAL
WHERE bot = 1;

DROP VIEW IF EXISTS bot_players SYNC;

-- The players who are bots, after links.
CREATE VIEW IF NOT EXISTS bot_players AS
SELECT DISTINCT ifNull(links.player, bots.player_key) AS player
FROM bot_keys AS bots
LEFT JOIN links ON links.player_key = bots.player_key;
