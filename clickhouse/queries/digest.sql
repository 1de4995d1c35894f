-- What a week was: the matches that began in it. Nothing here depends on the time at which it is asked, but for
-- what counts as today.

-- name: matches
-- The matches in all, by server and by map; the one with the most people, then the most kills; and today's.
SELECT
    count() AS matches,
    sum(one.length) / 1000 AS seconds,
    sum(one.kills) AS kills,
    sum(one.deaths) AS deaths,
    uniqExactArray(one.people) AS players,
    countIf(one.today) AS matches_today,
    sumIf(one.kills, one.today) AS kills_today,
    uniqExactArrayIf(one.people, one.today) AS players_today,
    sumMap([one.server_id], [1::UInt64]) AS by_server,
    sumMap([one.map], [1::UInt64]) AS by_map,
    argMax(one.match_key, (length(one.people), one.kills, one.match_key)) AS best_match,
    argMax(one.map, (length(one.people), one.kills, one.match_key)) AS best_map,
    argMax(one.server_id, (length(one.people), one.kills, one.match_key)) AS best_server,
    max((length(one.people), one.kills)).1 AS best_players,
    max((length(one.people), one.kills)).2 AS best_kills
FROM (
    SELECT
        match_key,
        max(match_results.server_id) AS server_id,
        max(toString(match_results.map)) AS map,
        max(match_results.length) AS length,
        sum(match_results.kills) AS kills,
        sum(match_results.deaths) AS deaths,
        toDate(max(started_at)) = {today:Date} AS today,
        groupUniqArrayIf(
            person_of(player_key) AS player,
            player_key != 0 AND is_asked_for(player, {bots:String})
        ) AS people
    FROM match_results
    WHERE sign = 1
        AND (player_key, match_key, version) NOT IN (
            SELECT player_key, match_key, version
            FROM match_results
            WHERE sign = -1 AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
        )
        AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
    GROUP BY match_key
) AS one;

-- name: players
-- Who stands among the first in anything, with all places and bests, and how many played in all.
WITH
-- People with a key that was first seen in the week; those with an older key, too, are none. To group everybody's keys
-- takes twice as long.
newcomers AS (
    SELECT person_of(player_key) AS player
    FROM player_totals
    WHERE player IN (
        SELECT person_of(player_key)
        FROM player_totals
        WHERE toDate(first_seen) >= {since:Date} AND toDate(first_seen) < {until:Date}
    )
    GROUP BY player
    HAVING toDate(min(first_seen)) >= {since:Date} AND toDate(min(first_seen)) < {until:Date}
)
SELECT
    player,
    kills,
    deaths,
    kd_of(kills, deaths) AS kd,
    playtime,
    matches,
    best.1 AS best_streak,
    public_id(best.2) AS best_streak_match,
    most.1 AS most_kills,
    public_id(most.2) AS most_kills_match,
    runs.1 AS multi_kill,
    public_id(runs.2) AS multi_kill_match,
    row_number() OVER (ORDER BY kills DESC, player) AS by_kills,
    row_number() OVER (ORDER BY kills + deaths >= {duels:UInt64} DESC, kd DESC, kills DESC, player) AS by_kd,
    row_number() OVER (ORDER BY playtime DESC, player) AS by_playtime,
    row_number() OVER (ORDER BY best.1 DESC, best.2, player) AS by_streak,
    row_number() OVER (ORDER BY most.1 DESC, most.2, player) AS by_most,
    row_number() OVER (ORDER BY runs.1 DESC, runs.2, player) AS by_multi,
    countIf(player IN newcomers) OVER () AS newcomers
FROM (
    SELECT
        person_of(player_key) AS player,
        sum(match_results.kills) AS kills,
        sum(match_results.deaths) AS deaths,
        sum(match_results.playtime) / 1000 AS playtime,
        count() AS matches,
        argMax((match_results.best_streak, match_key), (match_results.best_streak, -toInt64(started_at))) AS best,
        argMax((match_results.kills, match_key), (match_results.kills, -toInt64(started_at))) AS most,
        argMax(
            (arrayMax(arrayPushBack(multi_kills, 0)), match_key),
            (arrayMax(arrayPushBack(multi_kills, 0)), -toInt64(started_at))
        ) AS runs
    FROM match_results
    WHERE player_key != 0 AND sign = 1
        AND (player_key, match_key, version) NOT IN (
            SELECT player_key, match_key, version
            FROM match_results
            WHERE sign = -1 AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
        )
        AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
    GROUP BY player
)
WHERE is_asked_for(player, {bots:String})
    AND NOT is_flagged(player)
QUALIFY least(by_kills, by_kd, by_playtime, by_streak, by_most, by_multi) <= {limit:UInt32}
ORDER BY by_kills;

-- name: gains
-- Whose rating rose the most, from before the first match of the week to after the last one.
SELECT
    player,
    gametype,
    first.1 AS mu_before,
    first.2 AS sigma_before,
    last.1 AS mu,
    last.2 AS sigma,
    matches
FROM (
    SELECT
        player_key AS player,
        gametype,
        argMin((mu_before, sigma_before), (started_at, match_key)) AS first,
        argMax((ratings.mu, ratings.sigma), (started_at, match_key)) AS last,
        count() AS matches
    FROM ratings FINAL
    WHERE player_key != 0 AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
    GROUP BY player, gametype
)
WHERE (last.1 - 3 * last.2) > (first.1 - 3 * first.2)
    AND NOT is_flagged(player)
ORDER BY (last.1 - 3 * last.2) - (first.1 - 3 * first.2) DESC, player, gametype
LIMIT {limit:UInt32};
