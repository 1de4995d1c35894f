-- What a player's part in a match came to, by player, for the boards read all and the pages one; with what those tell
-- of the match itself. As before, no view fills it: api/matches/job.py does.
-- rebuild: match_results

DROP TABLE IF EXISTS match_results SYNC;

-- Whoever has several keys in a match has one row, under the least of them. A row that holds no longer is written
-- once more with the sign -1: the two vanish in a merge, and until then the boards can leave them out without FINAL,
-- which would merge all rows for every one of them.
CREATE TABLE IF NOT EXISTS match_results
(
    player_key UInt64 COMMENT '0: the match itself',
    match_key UInt64,
    version UInt64,
    sign Int8,
    events UInt64 COMMENT 'of the match, when this was computed; on its own row only',
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    started_at DateTime64(3, 'UTC') COMMENT 'of the match: its first event',
    length Int64 COMMENT 'of the match, milliseconds',
    winning_team LowCardinality(String),
    last_seen DateTime64(3, 'UTC'),
    team LowCardinality(String),
    kills UInt64,
    deaths UInt64,
    playtime Int64 COMMENT 'milliseconds',
    best_streak UInt32,
    multi_kills Array(UInt32) COMMENT 'sizes',
    merged Array(UInt64) COMMENT 'the keys, where they are several'
)
ENGINE = VersionedCollapsingMergeTree(sign, version)
ORDER BY (player_key, match_key)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
