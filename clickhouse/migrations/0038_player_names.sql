-- Names to be looked for, in a table of their own, in the order of what is left of them when folded: a beginning is a
-- range of its key. The bits of pairs (0035) lie uncompressed: to unpack them took longer than to sift them.
-- rebuild: player_names

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
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_names_view TO player_names AS
SELECT
    player_key,
    name,
    max(player_identities.shown) AS shown,
    sum(player_identities.events) AS events
FROM player_identities
GROUP BY player_key, name;

ALTER TABLE player_identities DROP COLUMN IF EXISTS pairs_low;

ALTER TABLE player_identities DROP COLUMN IF EXISTS pairs_high;

ALTER TABLE player_identities DROP COLUMN IF EXISTS folded;

DROP FUNCTION IF EXISTS search_fit;

-- How well a name fits what is looked for: 0 the very name, 1 the same when folded, 2 its beginning, 3 a part of it, 4 it
-- with a slip, 5 its beginning or its end with one, 6 any of these with two, 9 not at all. Slips are forgiven from 5
-- letters on, two from 8 on. A single slip leaves the first letters whole or the last ones, which is seen much sooner
-- than how many letters differ.
CREATE FUNCTION IF NOT EXISTS search_fit AS (name, folded_name, asked, folded_asked) -> multiIf(
    folded_asked = '', 9,
    lowerUTF8(name) = lowerUTF8(asked), 0,
    folded_name = folded_asked, 1,
    startsWith(folded_name, folded_asked), 2,
    position(folded_name, folded_asked) > 0, 3,
    lengthUTF8(folded_asked) < 5, 9,
    lengthUTF8(folded_asked) < 8
        AND position(folded_name, leftUTF8(folded_asked, intDiv(lengthUTF8(folded_asked) - 1, 2))) = 0
        AND position(folded_name, rightUTF8(folded_asked, intDiv(lengthUTF8(folded_asked) - 1, 2))) = 0, 9,
    damerauLevenshteinDistance(folded_name, folded_asked) <= 1, 4,
    least(
        damerauLevenshteinDistance(leftUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked),
        damerauLevenshteinDistance(rightUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked)
    ) <= 1, 5,
    lengthUTF8(folded_asked) >= 8 AND least(
        damerauLevenshteinDistance(folded_name, folded_asked),
        damerauLevenshteinDistance(leftUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked),
        damerauLevenshteinDistance(rightUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked)
    ) <= 2, 6,
    9
);
