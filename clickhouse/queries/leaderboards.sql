-- A metric is a column of one of these queries; ClickHouse reads only what the asked one needs. Links are looked up in
-- two arrays: a join costs as much again as the rest.

-- name: daily
WITH (
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links
SELECT
    player,
    toFloat64({metric:Identifier}) AS value,
    toUInt64({sample:Identifier}) AS sample,
    deaths = 0 AS deathless
FROM (
    SELECT
        transform(player_key, links.1, links.2, player_key) AS player,
        sum(player_daily.kills) AS kills,
        sum(player_daily.deaths) AS deaths,
        kills + deaths AS duels,
        kd_of(kills, deaths) AS kd,
        sum(player_daily.suicides) AS suicides,
        sum(player_daily.team_kills) AS team_kills,
        sum(player_daily.kill_headshots) AS headshots,
        if(kills = 0, NULL, headshots / kills) AS headshot_ratio,
        sum(player_daily.bash_kills) AS bash,
        sum(player_daily.grenade_kills) AS grenade,
        sum(player_daily.shots) AS shots,
        sumIf(
            player_daily.hits,
            (day, server_id) IN (SELECT toDate(hour), server_id FROM server_hours WHERE shots > 0)
        ) AS hits,
        accuracy_of(shots, hits) AS accuracy,
        sum(player_daily.damage_dealt) / 1000 AS damage,
        sum(player_daily.damage_taken) / 1000 AS damage_taken,
        sum(player_daily.chat_lines) AS chat_lines,
        sum(player_daily.jumps) AS jumps,
        sum(player_daily.reloads) AS reloads,
        sum(player_daily.pickups) AS items,
        sum(player_daily.objectives) AS objectives,
        sum(player_daily.distance) / 1000 AS distance,
        sum(player_daily.walked) / 1000 AS walked,
        sum(player_daily.sprinted) / 1000 AS sprinted,
        sum(player_daily.swam) / 1000 AS swam,
        sum(player_daily.driven) / 1000 AS driven
    FROM player_daily
    WHERE day >= {since:Date} AND day < {until:Date}
        AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
        AND ({map:String} = '' OR map = {map:String})
        AND ({gametype:String} = '' OR gametype = {gametype:String})
    GROUP BY player
)
WHERE value > 0
    AND sample >= {minimum:UInt64}
    AND (value, player) < ({after_value:Float64}, {after_id:UInt64})
    AND ({bots:String} = 'include' OR (player IN (
        SELECT transform(player_key, links.1, links.2, player_key) FROM player_identities WHERE bot
    )) = ({bots:String} = 'only'))
ORDER BY value DESC, player DESC
LIMIT {limit:UInt32};

-- name: by_match
-- What can only be told match by match. A match belongs to the day on which it began.
WITH (
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links
SELECT
    player,
    toFloat64({metric:Identifier}) AS value,
    toUInt64({sample:Identifier}) AS sample,
    toUInt8(0) AS deathless
FROM (
    SELECT
        transform(player_key, links.1, links.2, player_key) AS player,
        count() AS matches,
        sum(match_results.playtime) / 1000 AS playtime,
        max(match_results.best_streak) AS best_streak,
        sum(length(match_results.multi_kills)) AS multi_kills,
        sum(won) AS wins
    FROM match_results FINAL
    WHERE player_key != 0
        AND day >= {since:Date} AND day < {until:Date}
        AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
        AND ({map:String} = '' OR map = {map:String})
        AND ({gametype:String} = '' OR gametype = {gametype:String})
    GROUP BY player
)
WHERE value > 0
    AND sample >= {minimum:UInt64}
    AND (value, player) < ({after_value:Float64}, {after_id:UInt64})
    AND ({bots:String} = 'include' OR (player IN (
        SELECT transform(player_key, links.1, links.2, player_key) FROM player_identities WHERE bot
    )) = ({bots:String} = 'only'))
ORDER BY value DESC, player DESC
LIMIT {limit:UInt32};
