-- What achievements count (api/achievements/). Each `of_` query gives, for each person, what families came to, in the
-- order of their names: the family, and how much. Of everybody, or of who has some keys. Expressions are constants of the
-- catalogue.

-- name: of_totals
SELECT
    person_of(player_key) AS player,
    [{families:Expression}] AS families,
    [{careers:Expression}] AS counted
FROM player_totals
WHERE {everybody:Bool} OR player_key IN {keys:Array(UInt64)}
GROUP BY player

-- name: of_acts
SELECT
    person_of(player_key) AS player,
    [{families:Expression}] AS families,
    [{careers:Expression}] AS counted
FROM player_acts
WHERE act IN {acts:Array(String)} AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
GROUP BY player

-- name: of_ratings
-- Players are people here, after links.
SELECT
    player_key AS player,
    [{families:Expression}] AS families,
    [{careers:Expression}] AS counted
FROM ratings
WHERE player_key != 0 AND sign = 1
    AND (gametype, started_at, match_key, player_key, version) NOT IN (
        SELECT gametype, started_at, match_key, player_key, version
        FROM ratings
        WHERE sign = -1 AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
    )
    AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
GROUP BY player

-- name: of_parts
SELECT
    person_of(player_key) AS player,
    [{families:Expression}] AS families,
    [{careers:Expression}] AS counted
FROM player_parts
WHERE kind = 'distance' AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
GROUP BY player

-- name: of_weapons
SELECT
    person_of(player_key) AS player,
    [{families:Expression}] AS families,
    [{careers:Expression}] AS counted
FROM (
    SELECT player_key, weapon, sum(player_weapons.kills) AS kills
    FROM player_weapons
    WHERE {everybody:Bool} OR player_key IN {keys:Array(UInt64)}
    GROUP BY player_key, weapon
)
GROUP BY player

-- name: of_results
-- Matches that are over, with their facts; the family '' counts them. `ends` has the latest of them, the first that
-- reached each target of what is counted within one, and for each family that counts matches the one with which each of
-- its targets was full: the end of each (unix milliseconds; below 1: none did) and its key. Until then both are one number,
-- the key below: the least of those is found much sooner than that of tuples.
WITH arrayMap(
    (targets, sorted) -> arrayMap(nth -> sorted[nth], targets),
    [{held_targets:Expression}],
    arrayMap(endings -> arraySort(endings), groupArrayForEach(arrayMap(holds -> if(holds, ending, NULL), held)))
) AS nths
SELECT
    person_of(player_key) AS player,
    ['', {families:Expression}] AS families,
    arrayConcat(
        [toFloat64(countIf(took_part)), {careers:Expression}],
        maxForEach(came),
        arrayMap(matches -> toFloat64(matches), sumForEach(held))
    ) AS counted,
    arrayMap(
        ends -> arrayMap(end -> (toInt64(bitShiftRight(end, 64)), toUInt64(end)), ends),
        arrayConcat([[max(ending)], minForEach(reached)], nths)
    ) AS ends
FROM (
    SELECT
        *,
        bitShiftLeft(toUInt128(toUnixTimestamp64Milli(last_seen)), 64) + match_key AS ending,
        {facts:Expression},
        [{values:Expression}] AS came,
        [{held:Expression}] AS held,
        arrayFlatten(arrayMap(
            (value, targets) -> arrayMap(target -> if(value >= target, ending, bitNot(0::UInt128)), targets),
            came,
            [{values_targets:Expression}]
        )) AS reached
    FROM match_results
    WHERE player_key != 0 AND sign = 1
        AND (player_key, match_key, version) NOT IN (
            SELECT player_key, match_key, version
            FROM match_results
            WHERE sign = -1 AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
        )
        AND match_key IN (SELECT match_key FROM ({over:Query}))
        AND ({everybody:Bool} OR player_key IN {keys:Array(UInt64)})
)
GROUP BY player

-- name: over
-- Matches that said their end, or of which nothing has come for an hour.
SELECT match_key
FROM matches
GROUP BY match_key
HAVING max(matches.ended_at) IS NOT NULL OR max(matches.received_at) < now64(3) - INTERVAL 1 HOUR

-- name: counted
-- Any of these, for all of them together.
SELECT player, families, counted FROM ({count:Query})

-- name: rarity
-- How many people have earned each of some achievements, and how many could have: those who have a match behind them.
-- Bots, and whom an admin flagged, do not count.
SELECT wanted.1 AS id, count() AS players
FROM (
    SELECT player, fact.1 AS family, fact.2 AS value
    FROM ({counts:Query})
    ARRAY JOIN arrayZip(families, counted) AS fact
    WHERE fact.2 > 0 AND NOT is_bot(player) AND NOT is_flagged(player)
) AS counted
INNER JOIN (
    SELECT
        arrayJoin(arrayZip({ids:Array(String)}, {of:Array(String)}, {targets:Array(Float64)})) AS wanted,
        wanted.2 AS family,
        wanted.3 AS target
) AS achievements ON achievements.family = counted.family
WHERE counted.value >= achievements.target
GROUP BY id;

-- name: states
-- A number for each of some members that is another when what they may have earned is. Empty: of nobody who played.
WITH results AS (
    SELECT
        person_of(player_key) AS player,
        groupBitXor(sipHash64(
            match_key, player_key, server_id, map, gametype, started_at, last_seen, kills, deaths, kill_headshots,
            damage_dealt, playtime, best_streak, multi_kills, first_kills, last_kills, revenges, trades, rounds, took_part,
            outcome
        )) AS digest
    FROM match_results
    WHERE player_key != 0 AND sign = 1
        AND (player_key, match_key, version) NOT IN (
            SELECT player_key, match_key, version FROM match_results WHERE sign = -1
        )
        AND match_key IN (SELECT match_key FROM ({over:Query}))
        AND player_key IN (
            SELECT arrayJoin(arrayPushBack(keys_of(person_of(arrayJoin({keys:Array(UInt64)})) AS person), person))
        )
    GROUP BY player
),
rated AS (
    SELECT player_key AS player, groupBitXor(sipHash64(match_key, gametype, mu, sigma)) AS digest
    FROM ratings
    WHERE player_key != 0 AND sign = 1
        AND (gametype, started_at, match_key, player_key, version) NOT IN (
            SELECT gametype, started_at, match_key, player_key, version FROM ratings WHERE sign = -1
        )
        AND player_key IN (SELECT person_of(arrayJoin({keys:Array(UInt64)})))
    GROUP BY player
)
SELECT
    people.member AS member,
    people.player AS player,
    sipHash64(
        people.player, ifNull(results.digest, 0), ifNull(rated.digest, 0), is_flagged(people.player), is_bot(people.player),
        {catalogue:UInt64}
    ) AS digest
FROM (
    SELECT pair.1 AS member, person_of(pair.2) AS player
    FROM (SELECT arrayJoin(arrayZip({members:Array(UInt64)}, {keys:Array(UInt64)})) AS pair)
) AS people
LEFT JOIN results ON results.player = people.player
LEFT JOIN rated ON rated.player = people.player;

-- name: told
-- What states depend on, for a glance: nobody has another one while it stays the same.
SELECT
    (SELECT sum(sign * sipHash64(match_key, version)) FROM match_results WHERE player_key = 0) AS results,
    (SELECT sum(matches.events) FROM matches WHERE received_at < now64(3) - INTERVAL 1 HOUR) AS silent,
    (SELECT groupBitXor(sipHash64(gametype, chain)) FROM current_ratings FINAL WHERE player_key = 0) AS ratings,
    (SELECT groupBitXor(sipHash64(player_key, player)) FROM player_links FINAL) AS links,
    (SELECT sumDistinct(player_key) FROM player_identities WHERE bot) AS bots,
    (SELECT groupBitXor(sipHash64(player_key, bot, flagged)) FROM player_marks FINAL) AS marks;

-- name: member_keys
SELECT arrayJoin({members:Array(UInt64)}) AS member, sipHash64('member', toString(member)) AS key;

-- name: people
SELECT
    arrayJoin({players:Array(UInt64)}) AS player,
    arrayPushBack(keys_of(player), player) AS keys,
    is_bot(player) AS bot,
    is_flagged(player) AS flagged;
