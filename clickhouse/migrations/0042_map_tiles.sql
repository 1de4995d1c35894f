-- Where everybody killed, died, and went: the same rows as before, for half the work of every insert. Arrays of numbers
-- are made and taken apart much sooner than arrays of tuples that may hold NULL.

DROP VIEW IF EXISTS map_tiles_view SYNC;

-- No map reaches further than 131072 units from its middle: beyond lies noise.
CREATE MATERIALIZED VIEW IF NOT EXISTS map_tiles_view TO map_tiles AS
WITH
place IN (1, 3) AS of_actor,
if(of_actor, actor_x, target_x) AS x,
if(of_actor, actor_y, target_y) AS y
SELECT
    map,
    CAST(least(place, 3), 'Enum8(\'kills\' = 1, \'deaths\' = 2, \'traffic\' = 3)') AS kind,
    tile_of(assumeNotNull(x)) AS tile_x,
    tile_of(assumeNotNull(y)) AS tile_y,
    count() AS events
FROM raw_events
-- 1: an enemy's killer, 2: who died, 3: the actor was there, 4: the target, too.
ARRAY JOIN arrayFilter(
    place -> place != 0,
    [
        if(is_kill(type, gametype, actor_key, actor_team, target_key, target_team), 1, 0),
        if(is_death(type, actor_key) AND target_key != 0, 2, 0),
        if(actor_key != 0, 3, 0),
        if(target_key NOT IN (0, actor_key), 4, 0)
    ]
) AS place
WHERE map != '' AND (actor_x IS NOT NULL OR target_x IS NOT NULL) AND abs(x) < 131072 AND abs(y) < 131072
GROUP BY map, kind, tile_x, tile_y;
