-- A name is found by its pairs of letters, one after the other, or, with one slip in it, by its first or its last letters:
-- of a million names, few are read.
-- rebuild: player_name_ends

ALTER TABLE player_names ADD INDEX IF NOT EXISTS letters folded TYPE text(tokenizer = ngrams(2));

ALTER TABLE player_names MATERIALIZE INDEX letters;

-- Whether two names differ by one letter that is wrong, missing, too many, or swapped with its neighbour. Names that hold
-- one another differ by what is no slip.
CREATE FUNCTION IF NOT EXISTS is_one_slip AS (folded, folded_asked) ->
    abs(length(folded) - length(folded_asked)) <= 1
    AND position(folded, folded_asked) = 0
    AND damerauLevenshteinDistance(folded, folded_asked) <= 1;

-- Names from their last letter to their first.
CREATE TABLE IF NOT EXISTS player_name_ends
(
    backwards String MATERIALIZED reverseUTF8(search_fold(name)),
    player_key UInt64,
    name String COMMENT 'as sent',
    shown SimpleAggregateFunction(max, String) COMMENT 'the name without colour codes',
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (backwards, player_key, name)
SETTINGS
    index_granularity = 128, min_compress_block_size = 4096, max_compress_block_size = 4096,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_name_ends_view TO player_name_ends AS
SELECT
    player_key,
    name,
    max(player_identities.shown) AS shown,
    sum(player_identities.events) AS events
FROM player_identities
GROUP BY player_key, name;
