-- name: list
SELECT
    match_key,
    public_id(match_key) AS id,
    max(matches.server_id) AS server_id,
    max(matches.map) AS map,
    max(matches.gametype) AS gametype,
    min(matches.first_time) AS first_time,
    max(matches.last_time) AS last_time,
    isNotNull(max(matches.ended_at)) AS ended,
    max(matches.score).3 AS allies_score,
    max(matches.score).4 AS axis_score,
    max(matches.winner).3 AS winning_team,
    sum(matches.kills) AS kills
FROM matches
-- Which they are is asked first, of two or four columns: all columns of all matches are much to read.
WHERE match_key IN (
    SELECT match_key
    FROM matches
    GROUP BY match_key
    HAVING ({server:UInt32} = 0 OR max(matches.server_id) = {server:UInt32})
        AND ({map:String} = '' OR max(matches.map) = {map:String})
        AND (toFloat64(toUnixTimestamp64Milli(min(matches.first_time))), match_key)
        < ({after_value:Float64}, {after_id:UInt64})
    ORDER BY min(matches.first_time) DESC, match_key DESC
    LIMIT {limit:UInt32}
)
GROUP BY match_key
ORDER BY first_time DESC, match_key DESC;

-- name: sizes
-- How many people and bots took part in each match.
SELECT
    match_key,
    uniqExactIf(player, NOT bot) AS players,
    uniqExactIf(player, bot) AS bots
FROM (
    SELECT
        p.match_key AS match_key,
        person_of(p.player_key) AS player,
        is_bot(player) AS bot
    FROM match_players AS p
    WHERE p.match_key IN {matches:Array(UInt64)}
)
GROUP BY match_key;

-- name: one
SELECT
    match_key,
    public_id(match_key) AS id,
    max(matches.server_id) AS server_id,
    max(matches.match_id) AS match_id,
    max(matches.map) AS map,
    max(matches.gametype) AS gametype,
    min(matches.first_time) AS first_time,
    max(matches.last_time) AS last_time,
    min(matches.started_at) AS started_at,
    max(matches.ended_at) AS ended_at,
    max(matches.received_at) AS received_at,
    max(matches.score).3 AS allies_score,
    max(matches.score).4 AS axis_score,
    max(matches.winner).3 AS winning_team,
    sum(matches.kills) AS kills,
    sum(matches.rounds) AS rounds,
    sum(matches.events) AS events
FROM matches
WHERE match_key = {match:UInt64}
GROUP BY match_key;

-- name: sessions
SELECT
    session_id,
    min(matches.first_seq) AS first_seq,
    max(matches.last_seq) AS last_seq,
    sum(matches.events) AS events
FROM matches
WHERE match_key = {match:UInt64}
GROUP BY session_id
ORDER BY min(matches.first_time), session_id;

-- name: scoreboard
-- `first_ms` and `last_ms` are the match's: to ask for them once more costs as much as a small query.
SELECT
    p.player AS player,
    p.name AS name,
    p.team AS team,
    p.kills AS kills,
    p.deaths AS deaths,
    kd_of(p.kills, p.deaths) AS kd,
    p.suicides AS suicides,
    p.team_kills AS team_kills,
    p.kill_headshots AS kill_headshots,
    p.damage_dealt / 1000 AS damage_dealt,
    p.damage_taken / 1000 AS damage_taken,
    p.shots AS shots,
    p.hits AS hits,
    accuracy_of(p.shots, p.hits) AS accuracy,
    p.chat_lines AS chat_lines,
    best_streak(p.lifeline) AS best_streak,
    multi_kills(p.lifeline) AS multi_kills,
    playtime(
        p.joins, p.leaves, p.joined, p.left_at, p.first_ms, p.last_ms, p.gone, p.team, {first_ms:Int64}, {last_ms:Int64}
    ) AS playtime
FROM (
    SELECT
        person_of(parts.player_key) AS player,
        display_name(max(parts.name).2) AS name,
        max(parts.team).3 AS team,
        toUnixTimestamp64Milli(min(parts.first_seen)) AS first_ms,
        toUnixTimestamp64Milli(max(parts.last_seen)) AS last_ms,
        max(parts.gone) AS gone,
        sum(parts.joins) AS joins,
        sum(parts.leaves) AS leaves,
        sum(parts.joined) AS joined,
        sum(parts.left_at) AS left_at,
        sum(parts.kills) AS kills,
        sum(parts.deaths) AS deaths,
        sum(parts.suicides) AS suicides,
        sum(parts.team_kills) AS team_kills,
        sum(parts.kill_headshots) AS kill_headshots,
        sum(parts.damage_dealt) AS damage_dealt,
        sum(parts.damage_taken) AS damage_taken,
        sum(parts.shots) AS shots,
        sum(parts.hits) AS hits,
        sum(parts.chat_lines) AS chat_lines,
        groupArrayArray(parts.lifeline) AS lifeline
    FROM match_players AS parts
    WHERE parts.match_key = {match:UInt64}
    GROUP BY player
) AS p
ORDER BY kills DESC, deaths, name, player;

-- name: ratings
-- What the match did to its players' ratings; the match itself says where in the table they stand.
SELECT
    player_key,
    ratings.mu_before AS mu_before,
    ratings.sigma_before AS sigma_before,
    ratings.mu AS mu,
    ratings.sigma AS sigma,
    ratings.expected AS expected,
    ratings.result AS result
FROM ratings FINAL
WHERE gametype = {gametype:String} AND started_at = fromUnixTimestamp64Milli({started_ms:Int64}, 'UTC')
    AND match_key = {match:UInt64} AND player_key != 0;

-- name: timeline
-- raw_events_view believes no clock that is more than a day ahead, so none of the match's events came sooner than a day
-- before its first, nor later than the last that `matches` knows of: the log's other months are not looked into.
SELECT
    e.time AS time,
    multiIf(
        is_suicide(e.type, e.actor_key, e.target_key), 'suicide',
        is_team_kill(e.type, e.gametype, e.actor_key, e.actor_team, e.target_key, e.target_team), 'team_kill',
        -- What is left of kills are those of enemies.
        transform(
            toString(e.type),
            ['player_kill', 'player_say', 'team_join', 'client_disconnect', 'match_start', 'match_end'],
            ['kill', 'chat', 'join', 'leave', 'start', 'end']
        )
    ) AS kind,
    e.actor_key AS actor_key,
    display_name(e.actor_name) AS actor_name,
    toString(if(e.type = 'team_join', canonical_team(e.new_team), e.actor_team)) AS actor_team,
    e.target_key AS target_key,
    display_name(e.target_name) AS target_name,
    toString(e.target_team) AS target_team,
    toString(e.weapon) AS weapon,
    toString(e.hitloc) AS hitloc,
    toString(e.mod) AS mod,
    replaceRegexpAll(e.message, '[\\x00-\\x1f\\x7f]', '') AS message,
    e.is_team AS to_team
FROM raw_events AS e
WHERE e.server_id = {server:UInt32}
    AND e.match_id = {match_id:String}
    AND e.received_at >= fromUnixTimestamp64Milli({first_ms:Int64}, 'UTC') - INTERVAL 1 DAY
    AND e.received_at <= fromUnixTimestamp64Milli({received_ms:Int64}, 'UTC')
    AND (
        is_death(e.type, e.actor_key)
        OR e.type IN (
            'player_say', 'team_join', 'client_disconnect', 'match_start', 'match_end', 'intermission_start',
            'round_start', 'round_end', 'team_win', 'objective_capture'
        )
    )
ORDER BY e.time, e.session_id, e.seq, actor_key, target_key, kind
LIMIT {limit:UInt32};

-- name: meetings
-- Matches that have ended in which members of two sides played, the latest first: how many of each there were, how many
-- of them for the allies and the axis in the end, and their kills.
WITH
arrayMap(member -> person_of(sipHash64('member', toString(member))), {home:Array(UInt64)}) AS home,
arrayMap(member -> person_of(sipHash64('member', toString(member))), {away:Array(UInt64)}) AS away
SELECT
    public_id(match_key) AS id,
    server_id,
    map,
    gametype,
    started_at,
    home_players,
    away_players,
    home_allies,
    home_axis,
    away_allies,
    away_axis,
    home_kills,
    away_kills,
    scores.scored AS scored,
    scores.allies AS allies,
    scores.axis AS axis
FROM (
    SELECT
        match_key,
        max(r.server_id) AS server_id,
        toString(max(r.map)) AS map,
        toString(max(r.gametype)) AS gametype,
        max(r.started_at) AS started_at,
        uniqExactIf(player, at_home) AS home_players,
        uniqExactIf(player, NOT at_home) AS away_players,
        countIf(at_home AND r.team = 'allies') AS home_allies,
        countIf(at_home AND r.team = 'axis') AS home_axis,
        countIf(NOT at_home AND r.team = 'allies') AS away_allies,
        countIf(NOT at_home AND r.team = 'axis') AS away_axis,
        sumIf(r.kills, at_home) AS home_kills,
        sumIf(r.kills, NOT at_home) AS away_kills
    FROM (
        SELECT
            *,
            person_of(player_key) AS player,
            has(home, player) AS at_home
        FROM match_results FINAL
        WHERE player_key IN (SELECT arrayJoin(keys_of(arrayJoin(arrayConcat(home, away)))))
            AND started_at >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')
            AND took_part
    ) AS r
    GROUP BY match_key
    HAVING home_players > 0 AND away_players > 0
) AS met
INNER JOIN (
    SELECT
        match_key,
        toUnixTimestamp64Milli(max(matches.score).1) > 0 AS scored,
        max(matches.score).3 AS allies,
        max(matches.score).4 AS axis
    FROM matches
    GROUP BY match_key
    HAVING max(matches.ended_at) IS NOT NULL
) AS scores ON scores.match_key = met.match_key
ORDER BY started_at DESC, match_key DESC
LIMIT {limit:UInt32};
