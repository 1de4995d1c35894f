-- What a player's kills and deaths are made of, where no other table tells it: the hour of the week (UTC), how both
-- stood, how far apart. Each death of a player stands here once for each kind that is known of it, and each kill of an
-- enemy. By map, game type and server it is told by match_results, by cause and part of the body by hit_locations, by
-- weapon by player_weapons.
-- rebuild: player_parts

-- The width of a distance band, in game units: the one place that says so in SQL; api/stats/drilldown.py has the same.
CREATE FUNCTION IF NOT EXISTS distance_band AS () -> 256;

-- Game units between two places, NULL where one is not known, or lies where no map reaches.
CREATE FUNCTION IF NOT EXISTS distance_between AS (x, y, z, other_x, other_y, other_z) -> if(
    greatest(abs(x), abs(y), abs(z), abs(other_x), abs(other_y), abs(other_z)) < 131072,
    toUInt32(sqrt(pow(x - other_x, 2) + pow(y - other_y, 2) + pow(z - other_z, 2))),
    NULL
);

-- The band's nearer end, '' for no distance.
CREATE FUNCTION IF NOT EXISTS band_of AS (distance) ->
    ifNull(toString(intDiv(distance, distance_band()) * distance_band()), '');

CREATE TABLE IF NOT EXISTS player_parts
(
    player_key UInt64,
    kind Enum8('hour' = 1, 'stance' = 2, 'stance_of_other' = 3, 'distance' = 4),
    part LowCardinality(String)
        COMMENT 'hour: weekday (1 is Monday) and hour, as ''1 07''; distance: the nearer end of its band',
    kills SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    deaths SimpleAggregateFunction(sum, UInt64)
        COMMENT 'hour, stance: of every cause; distance, stance_of_other: by an enemy',
    farthest SimpleAggregateFunction(max, Tuple(UInt32, Int64, UInt64))
        COMMENT 'distance: the longest kill, the earliest of those: game units, unix milliseconds negated, match'
)
ENGINE = AggregatingMergeTree
ORDER BY (player_key, kind, part)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_parts_view TO player_parts AS
SELECT
    player_key,
    piece.1 AS kind,
    piece.2 AS part,
    sum(did) AS kills,
    sum(did AND head) AS kill_headshots,
    sum(NOT did) AS deaths,
    maxIf((assumeNotNull(piece.3), moment, match_key), did AND piece.3 IS NOT NULL) AS farthest
FROM (
    SELECT
        side.1 AS player_key,
        side.2 AS did,
        at_head(hitloc) AS head,
        -toUnixTimestamp64Milli(time) AS moment,
        match_key,
        arrayJoin(CAST(
            [
                ('hour', concat(toString(toDayOfWeek(time)), ' ', leftPad(toString(toHour(time)), 2, '0')), NULL),
                ('stance', toString(if(did, actor_stance, target_stance)), NULL),
                ('stance_of_other', if(by_enemy, toString(if(did, target_stance, actor_stance)), ''), NULL),
                ('distance', if(by_enemy, band_of(distance), ''), distance)
            ],
            'Array(Tuple(
                Enum8(\'hour\' = 1, \'stance\' = 2, \'stance_of_other\' = 3, \'distance\' = 4), String, Nullable(UInt32)
            ))'
        )) AS piece
    FROM (
        SELECT
            arrayJoin(if(by_enemy, [(actor_key, true), (target_key, false)], [(target_key, false)])) AS side,
            is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS by_enemy,
            distance_between(actor_x, actor_y, actor_z, target_x, target_y, target_z) AS distance,
            hitloc,
            time,
            match_key,
            actor_stance,
            target_stance
        FROM raw_events
        WHERE is_death(type, actor_key)
    )
)
WHERE player_key != 0 AND part != ''
GROUP BY player_key, kind, part;
