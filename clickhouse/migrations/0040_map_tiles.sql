-- Where everybody killed, died, and went.
-- rebuild: map_tiles

DROP VIEW IF EXISTS map_tiles_view SYNC;

DROP TABLE IF EXISTS map_tiles SYNC;

CREATE TABLE IF NOT EXISTS map_tiles
(
    map LowCardinality(String),
    kind Enum8('kills' = 1, 'deaths' = 2, 'traffic' = 3)
        COMMENT 'traffic: an event of any type told that somebody was there',
    tile_x Int16,
    tile_y Int16,
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (map, kind, tile_x, tile_y)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- No map reaches further than 131072 units from its middle: beyond lies noise.
CREATE MATERIALIZED VIEW IF NOT EXISTS map_tiles_view TO map_tiles AS
SELECT
    map,
    place.1 AS kind,
    tile_of(assumeNotNull(place.3)) AS tile_x,
    tile_of(assumeNotNull(place.4)) AS tile_y,
    count() AS events
FROM raw_events
ARRAY JOIN CAST(
    arrayConcat(
        if(
            is_death(type, actor_key),
            [
                (
                    'kills',
                    if(is_kill(type, gametype, actor_key, actor_team, target_key, target_team), actor_key, 0),
                    actor_x,
                    actor_y
                ),
                ('deaths', target_key, target_x, target_y)
            ],
            []
        ),
        [
            ('traffic', actor_key, actor_x, actor_y),
            ('traffic', if(target_key = actor_key, 0, target_key), target_x, target_y)
        ]
    ),
    'Array(Tuple(Enum8(\'kills\' = 1, \'deaths\' = 2, \'traffic\' = 3), UInt64, Nullable(Float32), Nullable(Float32)))'
) AS place
WHERE map != '' AND (actor_x IS NOT NULL OR target_x IS NOT NULL) AND place.2 != 0
    AND abs(place.3) < 131072 AND abs(place.4) < 131072
GROUP BY map, kind, tile_x, tile_y;
