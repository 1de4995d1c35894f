-- name: all
SELECT
    e.events AS events,
    e.last_time AS last_time,
    d.first_time AS first_time,
    d.kills AS kills,
    d.deaths AS deaths,
    d.kill_headshots AS kill_headshots,
    d.shots AS shots,
    d.chat_lines AS chat_lines,
    d.players AS players,
    d.bots AS bots,
    m.matches AS matches,
    e.servers AS servers,
    m.maps AS maps
FROM (
    SELECT
        sum(server_days.events) AS events,
        uniqExact(server_id) AS servers,
        maxOrNull(server_days.last_time) AS last_time
    FROM server_days
) AS e
CROSS JOIN (
    SELECT
        minOrNull(first_seen) AS first_time,
        sum(player_totals.kills) AS kills,
        sum(player_totals.deaths) AS deaths,
        sum(player_totals.kill_headshots) AS kill_headshots,
        sum(player_totals.shots) AS shots,
        sum(player_totals.chat_lines) AS chat_lines,
        uniqExactIf(person_of(player_key) AS player, NOT is_bot(player)) AS players,
        uniqExactIf(player, is_bot(player)) AS bots
    FROM player_totals
) AS d
CROSS JOIN (
    SELECT
        uniqExact(match_key) AS matches,
        uniqExactIf(map, map != '') AS maps
    FROM matches
) AS m;
