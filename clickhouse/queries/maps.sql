-- name: list
SELECT
    map,
    sum(map_daily.kills) AS kills,
    sum(map_daily.kills_by_allies) AS kills_by_allies,
    sum(map_daily.kills_by_axis) AS kills_by_axis,
    sum(map_daily.kill_headshots) AS kill_headshots,
    sum(map_daily.deaths) AS deaths,
    sum(map_daily.suicides) AS suicides,
    sum(map_daily.team_kills) AS team_kills,
    sum(map_daily.rounds) AS rounds,
    max(map_daily.last_time) AS last_time,
    any(ifNull(m.matches, 0)) AS matches,
    any(ifNull(m.won_by_allies, 0)) AS won_by_allies,
    any(ifNull(m.won_by_axis, 0)) AS won_by_axis,
    any(ifNull(m.seconds, 0)) AS seconds
FROM map_daily
LEFT JOIN (
    SELECT
        map,
        count() AS matches,
        countIf(winning_team = 'allies') AS won_by_allies,
        countIf(winning_team = 'axis') AS won_by_axis,
        sum(length) / 1000 AS seconds
    FROM match_results FINAL
    WHERE player_key = 0
    GROUP BY map
) AS m ON m.map = map_daily.map
WHERE {map:String} = '' OR map_daily.map = {map:String}
GROUP BY map_daily.map
ORDER BY kills DESC, map
LIMIT 500;

-- name: players
SELECT
    person_of(player_key) AS player,
    sum(player_daily.kills) AS kills,
    sum(player_daily.deaths) AS deaths
FROM player_daily
WHERE map = {map:String}
GROUP BY player
HAVING kills > 0
    AND is_asked_for(player, {bots:String})
    AND NOT is_flagged(player)
ORDER BY kills DESC, player
LIMIT {limit:UInt32};

-- name: weapons
SELECT
    weapon,
    sum(weapon_totals.kills) AS kills
FROM weapon_totals
WHERE map = {map:String}
GROUP BY weapon
HAVING kills > 0
ORDER BY kills DESC, weapon
LIMIT 20;

-- name: heatmap
SELECT
    tile_x * tile_edge() AS x,
    tile_y * tile_edge() AS y,
    sum(map_tiles.events) AS count
FROM map_tiles
WHERE map = {map:String} AND kind = {kind:String}
GROUP BY tile_x, tile_y
ORDER BY tile_x, tile_y;

-- name: player_heatmap
SELECT
    tile_x * tile_edge() AS x,
    tile_y * tile_edge() AS y,
    sum(tiles.events) AS count
FROM tiles
WHERE map = {map:String} AND kind = {kind:String} AND player_key IN {keys:Array(UInt64)}
GROUP BY tile_x, tile_y
ORDER BY tile_x, tile_y;

-- name: tile_edge
SELECT tile_edge() AS edge;
