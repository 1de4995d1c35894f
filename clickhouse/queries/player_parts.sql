-- name: parts
-- What a player's kills and deaths are made of.
SELECT
    kind,
    part,
    sum(player_parts.kills) AS kills,
    sum(player_parts.kill_headshots) AS kill_headshots,
    sum(player_parts.deaths) AS deaths
FROM player_parts
WHERE player_key IN {keys:Array(UInt64)} AND kind IN {kinds:Array(String)}
GROUP BY kind, part
ORDER BY kind, part;

-- name: farthest
-- A player's longest kill, in game units, and when it was; nothing without one.
SELECT
    max(player_parts.farthest) AS longest,
    longest.1 AS distance,
    fromUnixTimestamp64Milli(-longest.2, 'UTC') AS time,
    longest.3 AS match_key
FROM player_parts
WHERE player_key IN {keys:Array(UInt64)} AND kind = 'distance'
HAVING distance > 0;
