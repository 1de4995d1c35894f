-- name: shown
-- Who played in what a record may have been broken in: on some days, or on every one. Bots and players whom an admin keeps
-- off all boards set none.
SELECT
    person_of(r.player_key) AS player,
    r.match_key AS match_key,
    r.started_at AS started_at,
    r.kills AS kills,
    r.deaths AS deaths,
    r.best_streak AS best_streak,
    arrayMax(arrayPushBack(r.multi_kills, 0)) AS multi_kill,
    if(r.playtime >= 300000, round(6000000 * r.kills / r.playtime), 0) AS kill_rate
FROM match_results AS r
WHERE r.player_key != 0 AND r.sign = 1
    AND (r.player_key, r.match_key, r.version) NOT IN (
        SELECT player_key, match_key, version
        FROM match_results
        WHERE sign = -1 AND ({every_day:Bool} OR toDate(started_at) IN {days:Array(Date)})
    )
    AND ({every_day:Bool} OR toDate(r.started_at) IN {days:Array(Date)})
    AND ({server:UInt32} = 0 OR r.server_id = {server:UInt32})
    AND ({map:String} = '' OR r.map = {map:String})
    AND ({gametype:String} = '' OR r.gametype = {gametype:String})
    AND NOT is_bot(player)
    AND NOT is_flagged(player)

-- name: reached
-- What each match and each day came to, by record. A value and whose it is are one number, hundredths or thousandths above
-- the key: the most of those is found much sooner than that of tuples.
SELECT
    best.1 AS record,
    toUInt64(bitShiftRight(best.2, 64)) / best.3 AS value,
    if(of_match, told.started_at, toDateTime64(day, 3, 'UTC')) AS started_at,
    match_key,
    toUInt64(bitAnd(best.2, 18446744073709551615)) AS player
FROM (
    SELECT
        match_key,
        toDate(shown.started_at) AS day,
        grouping(match_key) = 0 AS of_match,
        min(shown.started_at) AS started_at,
        arrayJoin(if(
            of_match,
            [
                ('kills', max(bitShiftLeft(toUInt128(shown.kills), 64) + shown.player), 1),
                ('best_streak', max(bitShiftLeft(toUInt128(shown.best_streak), 64) + shown.player), 1),
                ('multi_kill', max(bitShiftLeft(toUInt128(shown.multi_kill), 64) + shown.player), 1),
                ('flawless', max(bitShiftLeft(toUInt128(if(shown.deaths = 0, shown.kills, 0)), 64) + shown.player), 1),
                ('kill_rate', max(bitShiftLeft(toUInt128(shown.kill_rate), 64) + shown.player), 100),
                ('match_kills', bitShiftLeft(toUInt128(sum(shown.kills)), 64), 1),
                ('match_players', bitShiftLeft(toUInt128(uniqExact(shown.player)), 64), 1)
            ],
            [
                ('day_kills', bitShiftLeft(toUInt128(sum(shown.kills)), 64), 1),
                ('day_players', bitShiftLeft(toUInt128(uniqExact(shown.player)), 64), 1),
                ('day_matches', bitShiftLeft(toUInt128(uniqExact(shown.match_key)), 64), 1)
            ]
        )) AS best
    FROM ({shown:Query}) AS shown
    GROUP BY GROUPING SETS ((match_key), (day))
) AS told
UNION ALL
SELECT
    concat('rating_', gametype) AS record,
    toUInt64(bitShiftRight(best, 64)) / 1000 AS value,
    began AS started_at,
    match_key,
    toUInt64(bitAnd(best, 18446744073709551615)) AS player
FROM (
    SELECT
        toString(rated.gametype) AS gametype,
        rated.match_key AS match_key,
        min(rated.started_at) AS began,
        max(bitShiftLeft(toUInt128(greatest(round((rated.mu - 3 * rated.sigma) / 1000), 0)), 64) + rated.player_key) AS best
    FROM ratings AS rated FINAL
    WHERE rated.player_key != 0
        AND ({every_day:Bool} OR toDate(rated.started_at) IN {days:Array(Date)})
        AND {server:UInt32} = 0 AND {map:String} = ''
        AND ({gametype:String} = '' OR rated.gametype = {gametype:String})
        AND NOT is_bot(rated.player_key)
        AND NOT is_flagged(rated.player_key)
    GROUP BY gametype, match_key
)

-- name: broken
-- Each time that a record was broken, in order: the first who reached a value holds it until somebody passes it. `limit`
-- bounds how many of each, the latest.
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
    FROM ({reached:Query})
    WHERE value > 0
)
WHERE value > before
ORDER BY record, started_at DESC, match_key DESC, value DESC
LIMIT {limit:UInt32} BY record;

-- name: days
-- The days on which a record was broken, and those of which record_days does not know all matches yet: without the others,
-- `broken` comes to the same.
SELECT DISTINCT day
FROM (
    SELECT
        day,
        best.2 > max(best.2) OVER (
            PARTITION BY best.1 ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS breaks
    FROM record_days FINAL
    ARRAY JOIN bests AS best
)
WHERE breaks
UNION DISTINCT
SELECT day
FROM (
    SELECT toDate(started_at) AS day, sum(sign) AS matches
    FROM match_results
    WHERE player_key = 0
    GROUP BY day
    HAVING matches > 0
    UNION ALL
    SELECT day, matches FROM record_days FINAL
)
GROUP BY day, matches
HAVING count() = 1;

-- name: known_days
SELECT day, chain, people, matches
FROM {record_days:Identifier} FINAL;

-- name: played_days
-- The matches of each day, and a digest of them and of their ratings.
SELECT
    day,
    sum(part) AS chain,
    sum(is_match) AS matches
FROM (
    SELECT
        toDate(started_at) AS day,
        sign * reinterpretAsInt64(sipHash64(match_key, events, started_at, length)) AS part,
        sign AS is_match
    FROM match_results
    WHERE player_key = 0
    UNION ALL
    SELECT
        toDate(started_at) AS day,
        sign * reinterpretAsInt64(sipHash64(gametype, match_key, chain)) AS part,
        0 AS is_match
    FROM ratings
    WHERE player_key = 0
)
GROUP BY day
HAVING matches > 0;

-- name: people_of_days
-- A digest of who is known to be somebody, a bot, or left off boards, of some days or of every one. It knows nobody's key,
-- so that it stays the same when somebody is erased.
SELECT
    toDate(started_at) AS day,
    uniqExact(person_of(player_key) AS player) + sum(sign * reinterpretAsInt64(
        sipHash64(match_key, kills, deaths, playtime, best_streak, is_bot(player), is_flagged(player))
    )) AS people
FROM match_results
WHERE ({every_day:Bool} OR toDate(started_at) IN {days:Array(Date)})
    AND player_key != 0 AND dictHas('people', player_key)
GROUP BY day;

-- name: day_bests
-- What some days came to, by record; and those that are no more. They are inserted as one block.
WITH (SELECT max(version) FROM {record_days:Identifier}) AS last_version
SELECT
    told.1 AS day,
    last_version + 1 AS version,
    told.4 = 0 AS deleted,
    told.2 AS chain,
    told.3 AS people,
    told.4 AS matches,
    arraySort(groupArrayIf((assumeNotNull(best.record), assumeNotNull(best.value)), best.value > 0)) AS bests
FROM (
    SELECT arrayJoin(arrayZip(
        {days:Array(Date)}, {chains:Array(Int64)}, {people:Array(Int64)}, {matches:Array(UInt32)}
    )) AS told
) AS wanted
LEFT JOIN (
    SELECT toDate(started_at) AS day, record, max(value) AS value
    FROM ({reached:Query})
    GROUP BY day, record
) AS best ON best.day = wanted.told.1
GROUP BY told
SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1048576, insert_deduplicate = 0;

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
