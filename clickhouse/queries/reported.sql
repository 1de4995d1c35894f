-- name: types
-- Which of these types of events were ever reported: by any server, or by those on which somebody was seen.
SELECT groupUniqArray(toString(type)) AS types
FROM event_types
WHERE type IN {types:Array(String)}
    AND (empty({keys:Array(UInt64)}) OR server_id IN (
        SELECT server_id FROM player_daily WHERE player_key IN {keys:Array(UInt64)}
    ));
