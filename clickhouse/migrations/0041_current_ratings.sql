-- Where players stand now, by game type: what their last match left in `ratings`, so that boards need not read every
-- match. No view fills it: api/ratings/job.py does, whenever its chain is not that of the last match.
-- rebuild: current_ratings

CREATE TABLE IF NOT EXISTS current_ratings
(
    gametype LowCardinality(String),
    player_key UInt64 COMMENT 'the person, after links; 0: the game type itself',
    version UInt64,
    deleted UInt8,
    mu Int64 COMMENT 'millionths, as the next two',
    sigma Int64,
    gained Int64 COMMENT 'what matches added to mu, less what they took',
    matches UInt32 COMMENT 'rated ones',
    last_at DateTime64(3, 'UTC') COMMENT 'start of the latest of them',
    chain UInt64 COMMENT 'of the last match; on the own row of the game type only'
)
ENGINE = ReplacingMergeTree(version, deleted)
ORDER BY (gametype, player_key)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
