-- A metric is a column of one of these queries; ClickHouse reads only what the asked one needs. Links are looked up in
-- two arrays: a join costs as much again as the rest.

-- name: daily
-- Of player_daily, or of player_totals for everything at all times.
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
        sum(scores.kills) AS kills,
        sum(scores.deaths) AS deaths,
        kills + deaths AS duels,
        kd_of(kills, deaths) AS kd,
        sum(scores.suicides) AS suicides,
        sum(scores.team_kills) AS team_kills,
        sum(scores.kill_headshots) AS headshots,
        if(kills = 0, NULL, headshots / kills) AS headshot_ratio,
        sum(scores.bash_kills) AS bash,
        sum(scores.grenade_kills) AS grenade,
        sum(scores.shots) AS shots,
        sumIf(
            scores.hits,
            (day, server_id) NOT IN (SELECT day, server_id FROM server_days FINAL WHERE shots = 0)
        ) AS hits,
        accuracy_of(shots, hits) AS accuracy,
        sum(scores.damage_dealt) / 1000 AS damage,
        sum(scores.damage_taken) / 1000 AS damage_taken,
        sum(scores.chat_lines) AS chat_lines,
        sum(scores.jumps) AS jumps,
        sum(scores.reloads) AS reloads,
        sum(scores.pickups) AS items,
        sum(scores.objectives) AS objectives,
        sum(scores.distance) / 1000 AS distance,
        sum(scores.walked) / 1000 AS walked,
        sum(scores.sprinted) / 1000 AS sprinted,
        sum(scores.swam) / 1000 AS swam,
        sum(scores.driven) / 1000 AS driven
    FROM {scores:Identifier} AS scores
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
        SELECT transform(player_key, links.1, links.2, player_key) FROM bot_keys
    )) = ({bots:String} = 'only'))
    AND player NOT IN (SELECT transform(player_key, links.1, links.2, player_key) FROM player_marks FINAL WHERE flagged)
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
        countIf(team != '' AND team = winning_team) AS wins
    FROM match_results
    WHERE player_key != 0 AND sign = 1
        AND (player_key, match_key, version) NOT IN (
            SELECT player_key, match_key, version FROM match_results WHERE sign = -1
        )
        AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
        AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
        AND ({map:String} = '' OR map = {map:String})
        AND ({gametype:String} = '' OR gametype = {gametype:String})
    GROUP BY player
)
WHERE value > 0
    AND sample >= {minimum:UInt64}
    AND (value, player) < ({after_value:Float64}, {after_id:UInt64})
    AND ({bots:String} = 'include' OR (player IN (
        SELECT transform(player_key, links.1, links.2, player_key) FROM bot_keys
    )) = ({bots:String} = 'only'))
    AND player NOT IN (SELECT transform(player_key, links.1, links.2, player_key) FROM player_marks FINAL WHERE flagged)
ORDER BY value DESC, player DESC
LIMIT {limit:UInt32};
