-- name: matches
-- Matches heard from within the timeout that nobody has ended.
SELECT
    match_key,
    public_id(match_key) AS id,
    max(matches.server_id) AS server_id,
    max(matches.map) AS map,
    max(matches.gametype) AS gametype,
    ifNull(min(matches.started_at), min(matches.first_time)) AS started_at,
    max(matches.received_at) AS received_at,
    max(matches.last_time) AS last_time,
    max(matches.score).3 AS allies_score,
    max(matches.score).4 AS axis_score,
    toUnixTimestamp64Milli(max(matches.score).1) > 0 AS has_score
FROM matches
WHERE match_key IN (
    SELECT match_key FROM matches WHERE received_at > now64(3) - INTERVAL {timeout:UInt32} SECOND
)
GROUP BY match_key
HAVING max(matches.received_at) > now64(3) - INTERVAL {timeout:UInt32} SECOND AND max(matches.ended_at) IS NULL
ORDER BY received_at DESC, match_key
LIMIT 200;

-- name: players
SELECT
    match_key,
    public_id(person_of(player_key)) AS id,
    display_name(max(match_players.name).2) AS name,
    max(match_players.team).3 AS team,
    sum(match_players.kills) AS kills,
    sum(match_players.deaths) AS deaths,
    max(match_players.last_seen) AS last_seen,
    max(match_players.gone) AS gone_ms
FROM match_players
WHERE match_key IN {matches:Array(UInt64)}
GROUP BY match_key, id
ORDER BY kills DESC, deaths, name
-- No server has more players; who makes them up does not fill the picture.
LIMIT 128 BY match_key;

-- name: last_events
-- None came sooner than a day before it happened: matches.sql, timeline.
SELECT
    match_key,
    type,
    time,
    display_name(actor_name) AS actor,
    display_name(target_name) AS target,
    toString(weapon) AS weapon
FROM raw_events
WHERE (server_id, match_id) IN (
    SELECT max(matches.server_id), max(matches.match_id)
    FROM matches
    WHERE match_key IN {matches:Array(UInt64)}
    GROUP BY match_key
)
    AND received_at >= (
        SELECT min(matches.first_time) - INTERVAL 1 DAY FROM matches WHERE match_key IN {matches:Array(UInt64)}
    )
ORDER BY time DESC, seq DESC
LIMIT 1 BY match_key;
