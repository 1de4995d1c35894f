-- name: hours
-- Each hour in which a server was heard from: how many people were seen doing something, and the most players that
-- heartbeats told of, bots included.
SELECT
    hour,
    length(arrayDistinct(arrayFilter(
        player -> NOT is_bot(player),
        arrayMap(key -> person_of(key), groupUniqArrayArray(server_hours.players))
    ))) AS players,
    max(server_hours.peak_players) AS reported
FROM server_hours
WHERE server_id = {server:UInt32} AND hour >= {since:DateTime}
GROUP BY hour
ORDER BY hour;

-- name: regulars
SELECT
    person_of(key) AS player,
    uniqExact(toDate(hour)) AS days,
    uniqExact(hour) AS hours,
    max(hour) AS last_hour
FROM (
    SELECT hour, arrayJoin(server_hours.players) AS key
    FROM server_hours
    WHERE server_id = {server:UInt32} AND hour >= {since:DateTime}
)
WHERE NOT is_bot(player) AND NOT is_flagged(player)
GROUP BY player
ORDER BY days DESC, hours DESC, player
LIMIT {limit:UInt32};

-- name: leaders
SELECT
    person_of(player_key) AS player,
    sum(player_daily.kills) AS kills,
    sum(player_daily.deaths) AS deaths
FROM player_daily
WHERE server_id = {server:UInt32} AND day >= toDate({since:DateTime})
GROUP BY player
HAVING kills > 0 AND is_asked_for(player, {bots:String}) AND NOT is_flagged(player)
ORDER BY kills DESC, deaths, player
LIMIT {limit:UInt32};

-- name: maps
SELECT
    toString(map) AS name,
    count() AS matches,
    sum(length) / 1000 AS seconds,
    max(started_at) AS last_time
FROM match_results FINAL
WHERE player_key = 0 AND server_id = {server:UInt32} AND started_at >= {since:DateTime}
GROUP BY map
ORDER BY matches DESC, name
LIMIT {limit:UInt32};

-- name: latest
SELECT
    public_id(match_key) AS id,
    toString(map) AS map,
    toString(gametype) AS gametype,
    started_at,
    length / 1000 AS seconds,
    toString(winning_team) AS winning_team
FROM match_results FINAL
WHERE player_key = 0 AND server_id = {server:UInt32}
ORDER BY started_at DESC, match_key
LIMIT {limit:UInt32};
