-- Of all names, those that a search looks into lie one here and one there: of fewer names read with each, and unpacked
-- with each, less is read in vain.
-- rebuild: player_names

DROP VIEW IF EXISTS player_names_view SYNC;

DROP TABLE IF EXISTS player_names SYNC;

CREATE TABLE IF NOT EXISTS player_names
(
    folded String MATERIALIZED search_fold(name),
    player_key UInt64,
    name String COMMENT 'as sent',
    shown SimpleAggregateFunction(max, String) COMMENT 'the name without colour codes',
    events SimpleAggregateFunction(sum, UInt64),
    pairs_low UInt64 MATERIALIZED low_bits(search_pairs(folded)) CODEC(NONE),
    pairs_high UInt64 MATERIALIZED high_bits(search_pairs(folded)) CODEC(NONE)
)
ENGINE = AggregatingMergeTree
ORDER BY (folded, player_key, name)
SETTINGS
    index_granularity = 128, min_compress_block_size = 4096, max_compress_block_size = 4096,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_names_view TO player_names AS
SELECT
    player_key,
    name,
    max(player_identities.shown) AS shown,
    sum(player_identities.events) AS events
FROM player_identities
GROUP BY player_key, name;
