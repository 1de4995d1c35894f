-- What each day came to, by record: whoever asks for records reads the days on which one was broken, and no others. No view
-- fills it: api/ratings/record_days.py does, for days of which something has changed.
-- rebuild: record_days

CREATE TABLE IF NOT EXISTS record_days
(
    day Date,
    version UInt64,
    deleted UInt8,
    chain Int64 COMMENT 'digest of the matches and ratings that this was computed from',
    people Int64 COMMENT 'digest of who of them is somebody else, a bot, or left off boards',
    matches UInt32 COMMENT 'that began on the day',
    bests Array(Tuple(record String, value Float64)) COMMENT 'the most of the day, by record'
)
ENGINE = ReplacingMergeTree(version, deleted)
ORDER BY day
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
