-- What a player's part in a match came to, where that cannot be told by adding up: lifelines are long, and boards and
-- players' pages would read them all. No view fills it: api/matches/job.py computes a match anew, from matches and
-- match_players, when its events are not those that it was computed from.
-- rebuild: match_results

-- Whoever has several keys in a match has one row, under the least of them. A row that is no more (the match began a
-- day earlier, somebody has been linked) is written again as deleted.
CREATE TABLE IF NOT EXISTS match_results
(
    day Date COMMENT 'on which the match began',
    match_key UInt64,
    player_key UInt64 COMMENT '0: the match itself',
    version UInt64,
    deleted UInt8,
    events UInt64 COMMENT 'of the match, when this was computed; on its own row only',
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    playtime Int64 COMMENT 'milliseconds',
    best_streak UInt32,
    multi_kills Array(UInt32) COMMENT 'sizes',
    won Bool,
    merged Array(UInt64) COMMENT 'the keys, where they are several'
)
ENGINE = ReplacingMergeTree(version, deleted)
ORDER BY (day, match_key, player_key)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
