-- What a match came to, told after it. No view fills it: api/reports/job.py does, once a match is over, and again when
-- its results were computed anew.

CREATE TABLE IF NOT EXISTS match_reports
(
    match_key UInt64,
    version UInt64,
    rules LowCardinality(String) COMMENT 'version of the rules, then their settings',
    settled UInt64 COMMENT 'the version of the match in match_results that it was made after',
    events UInt64 COMMENT 'of the match, when it was made',
    fighters Array(UInt64) COMMENT 'keys of the players: the document knows them by their place in here, and by no name',
    document String COMMENT 'api/reports/document.py as JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY match_key
SETTINGS
    index_granularity = 256,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
