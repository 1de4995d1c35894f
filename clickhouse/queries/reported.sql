-- name: types
-- Which of these types of events each server has ever reported.
SELECT
    server_id,
    groupUniqArray(toString(type)) AS types
FROM event_types
WHERE type IN {types:Array(String)}
GROUP BY server_id;

-- name: servers
-- The servers on which a player was seen.
SELECT DISTINCT server_id
FROM player_daily
WHERE player_key IN {keys:Array(UInt64)};
