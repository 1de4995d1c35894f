-- The tiles of everybody together: a map's heatmap, whoever and however many played it.
-- rebuild: map_tiles

CREATE TABLE IF NOT EXISTS map_tiles
(
    map LowCardinality(String),
    kind Enum8('kills' = 1, 'deaths' = 2),
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
    [
        (
            'kills',
            if(is_kill(type, gametype, actor_key, actor_team, target_key, target_team), actor_key, 0),
            actor_x,
            actor_y
        ),
        ('deaths', target_key, target_x, target_y)
    ],
    'Array(Tuple(Enum8(\'kills\' = 1, \'deaths\' = 2), UInt64, Nullable(Float32), Nullable(Float32)))'
) AS place
WHERE is_death(type, actor_key) AND map != '' AND place.2 != 0
    AND abs(place.3) < 131072 AND abs(place.4) < 131072
GROUP BY map, kind, tile_x, tile_y;
