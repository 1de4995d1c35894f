-- name: told
-- What results depend on, for a glance: nothing is to be done while it stays the same.
SELECT
    (SELECT sum(events) FROM matches) AS events,
    (SELECT groupBitXor(sipHash64(player_key, player)) FROM player_links FINAL) AS links;

-- name: unsettled
-- Matches with other events, and matches in which somebody has other keys, than their results were computed from.
WITH (
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links
SELECT match_key
FROM matches
GROUP BY match_key
HAVING (match_key, sum(events)) NOT IN (SELECT match_key, events FROM match_results FINAL WHERE player_key = 0)
UNION DISTINCT
SELECT match_key
FROM (
    SELECT match_key, merged FROM match_results FINAL WHERE notEmpty(merged)
    UNION ALL
    SELECT match_key, arraySort(groupUniqArray(player_key)) AS merged
    FROM match_players
    WHERE has(links.1, player_key) OR has(links.2, player_key)
    GROUP BY match_key, transform(player_key, links.1, links.2, player_key)
    HAVING length(merged) > 1
)
GROUP BY match_key, merged
HAVING count() = 1;

-- name: computed
-- The old rows of some matches, taken back, and the new ones. They are inserted as one block: all of them or none.
WITH
(
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links,
(SELECT max(version) FROM {results:Identifier}) AS before,
(9223372036854775807, 9223372036854775807, 18446744073709551615) AS never,
played AS (
    SELECT
        match_key,
        max(matches.server_id) AS server_id,
        max(matches.map) AS map,
        max(matches.gametype) AS gametype,
        sum(matches.events) AS events,
        min(first_time) AS started_at,
        toUnixTimestamp64Milli(started_at) AS first_ms,
        toUnixTimestamp64Milli(max(last_time)) AS last_ms,
        last_ms - first_ms AS length,
        max(matches.winner).3 AS winning_team,
        max(matches.ended_at) IS NOT NULL AS ended,
        sum(matches.rounds) AS rounds
    FROM matches
    WHERE match_key IN {matches:Array(UInt64)}
    GROUP BY match_key
)
SELECT * REPLACE (-1 AS sign)
FROM {results:Identifier} FINAL
WHERE match_key IN {matches:Array(UInt64)}
UNION ALL
SELECT
    0 AS player_key,
    played.match_key AS match_key,
    before + 1 AS version,
    1 AS sign,
    played.events AS events,
    played.server_id AS server_id,
    played.map AS map,
    played.gametype AS gametype,
    played.started_at AS started_at,
    played.length AS length,
    played.winning_team AS winning_team,
    fromUnixTimestamp64Milli(played.last_ms, 'UTC') AS last_seen,
    '' AS team,
    0 AS kills,
    0 AS deaths,
    0 AS kill_headshots,
    0 AS damage_dealt,
    0 AS playtime,
    0 AS crouched,
    0 AS best_streak,
    [] AS multi_kills,
    0 AS first_kills,
    0 AS last_kills,
    0 AS revenges,
    0 AS trades,
    played.rounds AS rounds,
    false AS took_part,
    0 AS outcome,
    [] AS merged
FROM played
UNION ALL
SELECT
    keys[1] AS player_key,
    match_key,
    before + 1 AS version,
    1 AS sign,
    0 AS events,
    server_id,
    map,
    gametype,
    started_at,
    length,
    winning_team,
    fromUnixTimestamp64Milli(last_ms, 'UTC') AS last_seen,
    team,
    kills,
    deaths,
    kill_headshots,
    damage_dealt,
    playtime,
    crouched,
    best_streak,
    multi_kills,
    killed AND first_kill = min(if(killed, first_kill, never)) OVER of_match AS first_kills,
    ended AND killed AND last_kill = max(last_kill) OVER of_match AS last_kills,
    revenges,
    countEqual(groupArrayArray(traded) OVER of_match, player) AS trades,
    rounds,
    took_part,
    multiIf(
        NOT ended OR NOT took_part, 0,
        gametype = 'ffa', multiIf(kills < most[1], -1, kills > 0 AND most[2] < kills, 1, 0),
        team NOT IN ('allies', 'axis') OR winning_team NOT IN ('allies', 'axis'), 0,
        if(team = winning_team, 1, -1)
    ) AS outcome,
    if(length(keys) > 1, keys, []) AS merged
FROM (
    SELECT
        p.*,
        m.server_id AS server_id,
        m.map AS map,
        m.gametype AS gametype,
        m.started_at AS started_at,
        m.length AS length,
        m.winning_team AS winning_team,
        m.rounds AS rounds,
        m.ended AS ended,
        toInt64(round(1000 * playtime(
            p.joins, p.leaves, p.joined, p.left_at, p.first_ms, p.last_ms, p.gone, p.team, m.first_ms, m.last_ms
        ))) AS playtime,
        playtime > 0 OR p.kills > 0 OR p.deaths > 0 AS took_part,
        crouched(p.stances, p.last_ms) AS crouched,
        best_streak(p.lifeline) AS best_streak,
        multi_kills(p.lifeline) AS multi_kills,
        revenges(p.lifeline) AS revenges,
        traders(p.lifeline) AS traded,
        kills_in_order(p.lifeline) AS in_order,
        notEmpty(in_order) AS killed,
        -- Of two kills at one moment, that of the player with the lesser key is the first.
        (in_order[1].1, in_order[1].2, p.player) AS first_kill,
        (in_order[-1].1, in_order[-1].2, p.player) AS last_kill,
        arrayReverseSort(groupArray(p.kills) OVER (PARTITION BY p.match_key)) AS most
    FROM (
        SELECT
            match_key,
            transform(player_key, links.1, links.2, player_key) AS player,
            arraySort(groupUniqArray(player_key)) AS keys,
            sum(match_players.joins) AS joins,
            sum(match_players.leaves) AS leaves,
            sum(match_players.joined) AS joined,
            sum(match_players.left_at) AS left_at,
            toUnixTimestamp64Milli(min(first_seen)) AS first_ms,
            toUnixTimestamp64Milli(max(last_seen)) AS last_ms,
            max(match_players.gone) AS gone,
            max(match_players.team).3 AS team,
            sum(match_players.kills) AS kills,
            sum(match_players.deaths) AS deaths,
            sum(match_players.kill_headshots) AS kill_headshots,
            sum(match_players.damage_dealt) AS damage_dealt,
            arrayMap(
                moment -> (
                    moment.1, moment.2, moment.3, transform(moment.4, links.1, links.2, moment.4), moment.5
                ),
                groupArrayArray(match_players.lifeline)
            ) AS lifeline,
            groupArrayArray(match_players.stances) AS stances
        FROM match_players
        WHERE match_key IN {matches:Array(UInt64)}
        GROUP BY match_key, player
    ) AS p
    INNER JOIN played AS m ON m.match_key = p.match_key
)
WINDOW of_match AS (PARTITION BY match_key)
SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1048576, insert_deduplicate = 0;

-- name: all
SELECT DISTINCT match_key FROM matches ORDER BY match_key;
