-- Which keys are one person. Events keep the key under which they came; a link, merge or split changes only
-- this table, and every stat follows. A key without a row is its own player; to split one off again, insert
-- it with itself as player.

CREATE TABLE IF NOT EXISTS player_links
(
    player_key UInt64,
    player UInt64 COMMENT 'the key that stands for the person',
    verified Bool COMMENT 'the person proved it with an in-game login',
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY player_key
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS links AS
SELECT
    player_key,
    argMax(player_links.player, updated_at) AS player,
    argMax(player_links.verified, updated_at) AS verified
FROM player_links
GROUP BY player_key;
