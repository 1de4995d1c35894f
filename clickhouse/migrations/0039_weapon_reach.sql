-- From how far each weapon kills, in the bands of player_parts (0032).
-- rebuild: weapon_reach

CREATE TABLE IF NOT EXISTS weapon_reach
(
    weapon LowCardinality(String),
    band UInt32 COMMENT 'the nearer end of a band of distances, game units',
    kills SimpleAggregateFunction(sum, UInt64) COMMENT 'of enemies, where both places are known',
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    farthest SimpleAggregateFunction(max, Tuple(UInt32, Int64, UInt64))
        COMMENT 'the longest kill, the earliest of those: game units, unix milliseconds negated, match'
)
ENGINE = AggregatingMergeTree
ORDER BY (weapon, band)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS weapon_reach_view TO weapon_reach AS
SELECT
    weapon,
    intDiv(assumeNotNull(distance), distance_band()) * distance_band() AS band,
    count() AS kills,
    sum(head) AS kill_headshots,
    max((assumeNotNull(distance), moment, match_key)) AS farthest
FROM (
    SELECT
        weapon,
        distance_between(actor_x, actor_y, actor_z, target_x, target_y, target_z) AS distance,
        at_head(hitloc) AS head,
        -toUnixTimestamp64Milli(time) AS moment,
        match_key
    FROM raw_events
    WHERE is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AND weapon != ''
)
WHERE distance IS NOT NULL
GROUP BY weapon, band;
