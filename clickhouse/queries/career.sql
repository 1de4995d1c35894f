-- All of one player. `keys` are every key of the player; a match is told by match_results, one row a player and match.

-- name: matches
-- Matches that a player was in, the latest first.
SELECT
    match_key,
    public_id(match_key) AS id,
    server_id,
    map,
    gametype,
    started_at,
    toUnixTimestamp64Milli(last_seen) AS seen_ms,
    team,
    winning_team,
    multiIf(match_results.outcome = 1, 'won', match_results.outcome = -1, 'lost', '') AS outcome,
    kills,
    deaths,
    playtime / 1000 AS playtime,
    best_streak,
    arrayMax(arrayPushBack(multi_kills, 0)) AS multi_kill
FROM match_results FINAL
WHERE player_key IN {keys:Array(UInt64)}
    AND ({map:String} = '' OR map = {map:String})
    AND ({gametype:String} = '' OR gametype = {gametype:String})
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
    AND ({outcome:String} = '' OR outcome = {outcome:String})
    AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
    AND (toFloat64(seen_ms), match_key) < ({after_value:Float64}, {after_id:UInt64})
ORDER BY seen_ms DESC, match_key DESC
LIMIT {limit:UInt32};

-- name: rated
-- What some matches did to a player's rating, in millionths; their starts bound what is read.
SELECT match_key, mu_before, sigma_before, mu, sigma
FROM ratings FINAL
WHERE gametype IN {gametypes:Array(String)}
    AND started_at IN (SELECT fromUnixTimestamp64Milli(arrayJoin({starts:Array(Int64)}), 'UTC'))
    AND match_key IN {matches:Array(UInt64)} AND player_key IN {keys:Array(UInt64)};

-- name: places
-- A player's matches by map, game type and server.
SELECT
    multiIf(grouping(map) = 0, 'map', grouping(gametype) = 0, 'gametype', 'server') AS axis,
    map,
    gametype,
    server_id,
    count() AS matches,
    countIf(m.outcome = 1) AS won,
    countIf(m.outcome = -1) AS lost,
    sum(m.kills) AS kills,
    sum(m.deaths) AS deaths,
    kd_of(kills, deaths) AS kd,
    sum(m.playtime) / 1000 AS playtime,
    max(m.best_streak) AS best_streak,
    max(m.last_seen) AS last_seen
FROM (
    SELECT
        map,
        gametype,
        server_id,
        kills,
        deaths,
        playtime,
        best_streak,
        last_seen,
        outcome
    FROM match_results FINAL
    WHERE player_key IN {keys:Array(UInt64)}
) AS m
GROUP BY GROUPING SETS ((map), (gametype), (server_id))
ORDER BY axis, kills DESC, matches DESC, map, gametype, server_id
LIMIT 200 BY axis;

-- name: hours
-- Milliseconds played by hour of the week. The time played in a match is laid out as one piece that ends when the
-- player was last seen in it.
SELECT
    concat(toString(toDayOfWeek(at)), ' ', leftPad(toString(toHour(at)), 2, '0')) AS part,
    sum(least(until, (hour + 1) * 3600000) - greatest(since, hour * 3600000)) AS played
FROM (
    SELECT
        toUnixTimestamp64Milli(last_seen) AS until,
        greatest(until - least(playtime, 31 * 86400000), 0) AS since
    FROM match_results FINAL
    WHERE player_key IN {keys:Array(UInt64)} AND playtime > 0
)
ARRAY JOIN range(intDiv(since, 3600000), intDiv(until - 1, 3600000) + 1) AS hour
GROUP BY toDateTime(hour * 3600, 'UTC') AS at
ORDER BY part;

-- name: periods
-- What a player did by day, week or month, the latest first: matches by the day on which they began, all else by the day
-- on which it happened. Hits do not count on days on which nobody counted the shots.
SELECT
    toDate(multiIf({by:String} = 'week', toMonday(day), {by:String} = 'month', toStartOfMonth(day), day)) AS since,
    sum(d.matches) AS matches,
    sum(d.playtime) / 1000 AS playtime,
    sum(d.kills) AS kills,
    sum(d.deaths) AS deaths,
    kd_of(kills, deaths) AS kd,
    sum(d.kill_headshots) AS kill_headshots,
    sum(d.shots) AS shots,
    sum(d.hits) AS hits,
    accuracy_of(shots, hits) AS accuracy,
    sum(d.damage_dealt) / 1000 AS damage_dealt
FROM (
    SELECT
        day,
        0 AS matches,
        0 AS playtime,
        sum(player_daily.kills) AS kills,
        sum(player_daily.deaths) AS deaths,
        sum(player_daily.kill_headshots) AS kill_headshots,
        sum(player_daily.shots) AS shots,
        sumIf(
            player_daily.hits,
            (day, server_id) NOT IN (SELECT day, server_id FROM server_days FINAL WHERE shots = 0)
        ) AS hits,
        sum(player_daily.damage_dealt) AS damage_dealt
    FROM player_daily
    WHERE player_key IN {keys:Array(UInt64)} AND day < {until:Date}
    GROUP BY day
    UNION ALL
    SELECT toDate(started_at) AS day, count(), sum(match_results.playtime), 0, 0, 0, 0, 0, 0
    FROM match_results FINAL
    WHERE player_key IN {keys:Array(UInt64)} AND toDate(started_at) < {until:Date}
    GROUP BY day
) AS d
GROUP BY since
ORDER BY since DESC
LIMIT {limit:UInt32};

-- name: bests
-- The most that a player reached in one match, each with the earliest match in which it was.
SELECT
    best.1 AS name,
    argMax(best.2, (best.2, -moment)) AS value,
    public_id(argMax(match_key, (best.2, -moment))) AS id,
    argMax(server_id, (best.2, -moment)) AS server_id,
    argMax(map, (best.2, -moment)) AS map,
    argMax(gametype, (best.2, -moment)) AS gametype,
    argMax(started_at, (best.2, -moment)) AS started_at
FROM (
    SELECT
        match_key,
        map,
        gametype,
        server_id,
        started_at,
        toUnixTimestamp64Milli(started_at) AS moment,
        arrayJoin([
            ('kills', toFloat64(kills)),
            ('best_streak', toFloat64(best_streak)),
            ('multi_kill', toFloat64(arrayMax(arrayPushBack(multi_kills, 0)))),
            ('flawless', if(deaths = 0, toFloat64(kills), 0)),
            ('kill_rate', if(playtime >= 300000, 60000 * kills / playtime, 0)),
            ('playtime', playtime / 1000)
        ]) AS best
    FROM match_results FINAL
    WHERE player_key IN {keys:Array(UInt64)}
)
WHERE best.2 > 0
GROUP BY name
ORDER BY name;

-- name: heads
SELECT
    match_key,
    public_id(match_key) AS id,
    server_id,
    map,
    gametype,
    started_at
FROM match_results FINAL
WHERE player_key = 0 AND match_key IN {matches:Array(UInt64)};

-- name: outcomes
-- The outcomes of a player's matches in their order, 1 for a win and -1 for a loss; the sizes of the best streaks; the
-- days of play, counted from 1970.
SELECT
    arrayMap(m -> m.3, arraySort(groupArrayIf(
        (started_at, match_key, match_results.outcome),
        match_results.outcome != 0
    ))) AS outcomes,
    groupArray(best_streak) AS streaks,
    groupArrayArray(match_results.multi_kills) AS multi_kills,
    arraySort(groupUniqArray(toUInt32(toDate(started_at)))) AS days
FROM match_results FINAL
WHERE player_key IN {keys:Array(UInt64)};

-- name: form
-- The latest matches that lasted long enough for the player, the latest first.
SELECT
    public_id(match_key) AS id,
    map,
    started_at,
    kills,
    deaths,
    playtime / 1000 AS playtime
FROM match_results FINAL
WHERE player_key IN {keys:Array(UInt64)}
    AND match_results.playtime >= 1000 * {seconds:UInt32}
    AND ({gametype:String} = '' OR gametype = {gametype:String})
ORDER BY started_at DESC, match_key DESC
LIMIT {limit:UInt32};

-- name: sessions
-- Matches one after the other, without a pause of more than so many milliseconds between what the player played of
-- them, the latest session first.
SELECT
    session,
    fromUnixTimestamp64Milli(min(m.since), 'UTC') AS started_at,
    fromUnixTimestamp64Milli(max(m.until), 'UTC') AS ended_at,
    toUnixTimestamp64Milli(ended_at) AS ended_ms,
    count() AS matches,
    sum(m.kills) AS kills,
    sum(m.deaths) AS deaths,
    sum(m.playtime) / 1000 AS playtime,
    arraySort(groupUniqArray(m.server_id)) AS servers
FROM (
    SELECT *, sum(is_first) OVER (ORDER BY since, until, match_key ROWS UNBOUNDED PRECEDING) AS session
    FROM (
        SELECT
            match_key,
            server_id,
            kills,
            deaths,
            playtime,
            toUnixTimestamp64Milli(last_seen) AS until,
            until - playtime AS since,
            since - max(until) OVER (
                ORDER BY since, until, match_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) > {pause:Int64} AS is_first
        FROM match_results FINAL
        WHERE player_key IN {keys:Array(UInt64)}
    )
) AS m
GROUP BY session
HAVING toFloat64(ended_ms) < {after_value:Float64}
ORDER BY ended_ms DESC
LIMIT {limit:UInt32};

-- name: together
-- Matches in which two players both were, and how those ended between them.
SELECT
    count() AS matches,
    countIf(one.team != other.team AND one.team = one.winning_team) AS won,
    countIf(one.team != other.team AND other.team = one.winning_team) AS lost,
    countIf(one.team = other.team AND one.team IN ('allies', 'axis')) AS same_side
FROM (
    SELECT match_key, team, winning_team FROM match_results FINAL WHERE player_key IN {keys:Array(UInt64)}
) AS one
INNER JOIN (
    SELECT match_key, team FROM match_results FINAL WHERE player_key IN {others:Array(UInt64)}
) AS other ON other.match_key = one.match_key;
