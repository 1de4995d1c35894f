-- name: broken
-- Each time that a record was broken, in order: the first who reached a value holds it until somebody passes it. Bots and
-- players whom an admin keeps off all boards set none. `limit` bounds how many of each, the latest.
WITH shown AS (
    SELECT
        person_of(r.player_key) AS player,
        r.*
    FROM match_results AS r FINAL
    WHERE r.player_key != 0
        AND ({server:UInt32} = 0 OR r.server_id = {server:UInt32})
        AND ({map:String} = '' OR r.map = {map:String})
        AND ({gametype:String} = '' OR r.gametype = {gametype:String})
        AND NOT is_bot(player)
        AND NOT is_flagged(player)
)
SELECT
    record,
    value,
    started_at,
    match_key,
    player,
    before
FROM (
    SELECT
        record,
        value,
        started_at,
        match_key,
        player,
        max(value) OVER (
            PARTITION BY record ORDER BY started_at, match_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM (
        SELECT
            best.1 AS record,
            best.2.1 AS value,
            started_at,
            match_key,
            best.2.2 AS player
        FROM (
            SELECT
                match_key,
                min(shown.started_at) AS started_at,
                arrayJoin([
                    ('kills', max((toFloat64(shown.kills), shown.player))),
                    ('best_streak', max((toFloat64(shown.best_streak), shown.player))),
                    ('multi_kill', max((toFloat64(arrayMax(arrayPushBack(shown.multi_kills, 0))), shown.player))),
                    ('flawless', max((if(shown.deaths = 0, toFloat64(shown.kills), 0), shown.player))),
                    (
                        'kill_rate',
                        max((
                            if(shown.playtime >= 300000, round(60000 * shown.kills / shown.playtime, 2), 0),
                            shown.player
                        ))
                    ),
                    ('match_kills', (toFloat64(sum(shown.kills)), 0::UInt64)),
                    ('match_players', (toFloat64(uniqExact(shown.player)), 0::UInt64))
                ]) AS best
            FROM shown
            GROUP BY match_key
        )
        UNION ALL
        SELECT
            best.1 AS record,
            best.2 AS value,
            toDateTime64(day, 3, 'UTC') AS started_at,
            0 AS match_key,
            0 AS player
        FROM (
            SELECT
                toDate(shown.started_at) AS day,
                arrayJoin([
                    ('day_kills', toFloat64(sum(shown.kills))),
                    ('day_players', toFloat64(uniqExact(shown.player))),
                    ('day_matches', toFloat64(uniqExact(shown.match_key)))
                ]) AS best
            FROM shown
            GROUP BY day
        )
        UNION ALL
        SELECT
            concat('rating_', gametype) AS record,
            max((round((rated.mu - 3 * rated.sigma) / 1000000, 3), rated.player_key)).1 AS value,
            min(rated.started_at) AS started_at,
            rated.match_key AS match_key,
            max((round((rated.mu - 3 * rated.sigma) / 1000000, 3), rated.player_key)).2 AS player
        FROM ratings AS rated FINAL
        WHERE rated.player_key != 0 AND {server:UInt32} = 0 AND {map:String} = ''
            AND ({gametype:String} = '' OR rated.gametype = {gametype:String})
            AND NOT is_bot(rated.player_key)
            AND NOT is_flagged(rated.player_key)
        GROUP BY toString(rated.gametype) AS gametype, rated.match_key
    )
    WHERE value > 0
)
WHERE value > before
ORDER BY record, started_at DESC, match_key DESC, value DESC
LIMIT {limit:UInt32} BY record;

-- name: on_day
-- What was played on some days, and who killed most in one match of each.
SELECT
    toDate(r.started_at) AS day,
    uniqExact(r.match_key) AS matches,
    uniqExact(person_of(r.player_key)) AS players,
    sum(r.kills) AS kills,
    max((r.kills, r.match_key, person_of(r.player_key))) AS best,
    best.1 AS best_kills,
    best.2 AS match_key,
    best.3 AS player
FROM match_results AS r
WHERE r.player_key != 0 AND r.sign = 1
    AND (r.player_key, r.match_key, r.version) NOT IN (
        SELECT player_key, match_key, version
        FROM match_results
        WHERE sign = -1 AND toDate(started_at) IN {days:Array(Date)}
    )
    AND toDate(r.started_at) IN {days:Array(Date)}
    AND NOT is_bot(person_of(r.player_key))
    AND NOT is_flagged(person_of(r.player_key))
GROUP BY day
ORDER BY day DESC
LIMIT 20;
