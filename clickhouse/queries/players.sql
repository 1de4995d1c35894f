-- name: keys
-- The player that a key stands for, and every key of that player: for whoever decides, from the table itself.
WITH ifNull((SELECT player FROM player_links FINAL WHERE player_key = {key:UInt64}), {key:UInt64}) AS person
SELECT
    person AS player,
    arrayDistinct(arrayPushBack(groupArray(player_key), person)) AS keys
FROM player_links FINAL
WHERE player_links.player = person;

-- name: identities
SELECT
    person_of(player_key) AS player,
    public_id(player) AS id,
    argMaxIf(player_identities.shown, player_identities.last_seen, player_identities.shown != '') AS name,
    multiIf(
        is_verified(player), 'verified',
        bot, 'bot',
        max(player_identities.guid) != '', 'client',
        'name'
    ) AS rung,
    is_bot(player) AS bot,
    is_flagged(player) AS flagged
FROM player_identities
WHERE player_key IN (SELECT arrayJoin(keys_of(arrayJoin({players:Array(UInt64)}))))
GROUP BY player;

-- name: names
-- Every name a player was seen under, the latest first.
SELECT
    shown AS name,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM player_identities
WHERE player_key IN {keys:Array(UInt64)} AND shown != ''
GROUP BY shown
ORDER BY last_seen DESC, name
LIMIT 50;

-- name: list
-- Who is on the page, and by which value; `lines` says the rest of them.
SELECT
    player,
    toFloat64({sort:Identifier}) AS value
FROM (
    SELECT
        person_of(player_key) AS player,
        sum(player_totals.kills) AS kills,
        sum(player_totals.deaths) AS deaths,
        kd_of(kills, deaths) AS kd,
        sum(player_totals.kill_headshots) AS kill_headshots,
        toUnixTimestamp64Milli(min(player_totals.first_seen)) AS first_seen_ms,
        toUnixTimestamp64Milli(max(player_totals.last_seen)) AS last_seen_ms
    FROM player_totals
    GROUP BY player
)
WHERE (value, player) < ({after_value:Float64}, {after_id:UInt64})
    AND is_asked_for(player, {bots:String})
    AND ({flagged:String} = 'include' OR is_flagged(player) = ({flagged:String} = 'only'))
    AND ({q:String} = '' OR player IN (
        SELECT person_of(player_key)
        FROM player_identities
        WHERE positionCaseInsensitiveUTF8(shown, {q:String}) > 0
    ))
ORDER BY value DESC, player DESC
LIMIT {limit:UInt32};

-- name: lines
SELECT
    person_of(player_key) AS player,
    sum(totals.kills) AS kills,
    sum(totals.deaths) AS deaths,
    kd_of(kills, deaths) AS kd,
    sum(totals.kill_headshots) AS kill_headshots,
    min(totals.first_seen) AS first_seen,
    max(totals.last_seen) AS last_seen
FROM player_totals AS totals
WHERE player_key IN (SELECT arrayJoin(keys_of(arrayJoin({players:Array(UInt64)}))))
GROUP BY player;

-- name: totals
-- Of some players, whose keys are {keys}: `players` says whose each is. Hits do not count on days on which nobody counted
-- the shots.
SELECT
    transform(player_key, {keys:Array(UInt64)}, {players:Array(UInt64)}) AS player,
    any(daily.servers) AS servers,
    sum(player_totals.events) AS events,
    min(player_totals.first_seen) AS first_seen,
    max(player_totals.last_seen) AS last_seen,
    sum(player_totals.kills) AS kills,
    sum(player_totals.deaths) AS deaths,
    kd_of(kills, deaths) AS kd,
    sum(player_totals.suicides) AS suicides,
    sum(player_totals.team_kills) AS team_kills,
    sum(player_totals.kill_headshots) AS kill_headshots,
    sum(player_totals.hit_headshots) AS hit_headshots,
    sum(player_totals.bash_kills) AS bash_kills,
    sum(player_totals.grenade_kills) AS grenade_kills,
    sum(player_totals.shots) AS shots,
    sum(player_totals.hits) - any(daily.uncounted) AS hits,
    accuracy_of(shots, hits) AS accuracy,
    sum(player_totals.damage_dealt) / 1000 AS damage_dealt,
    sum(player_totals.damage_taken) / 1000 AS damage_taken,
    sum(player_totals.friendly_damage) / 1000 AS friendly_damage,
    sum(player_totals.chat_lines) AS chat_lines,
    sum(player_totals.jumps) AS jumps,
    sum(player_totals.reloads) AS reloads,
    sum(player_totals.grenades) AS grenades,
    sum(player_totals.pickups) AS pickups,
    sum(player_totals.objectives) AS objectives,
    sum(player_totals.distance) / 1000 AS distance,
    sum(player_totals.walked) / 1000 AS walked,
    sum(player_totals.sprinted) / 1000 AS sprinted,
    sum(player_totals.swam) / 1000 AS swam,
    sum(player_totals.driven) / 1000 AS driven
FROM player_totals
INNER JOIN (
    SELECT
        transform(player_key, {keys:Array(UInt64)}, {players:Array(UInt64)}) AS player,
        sumIf(
            player_daily.hits,
            (day, server_id) IN (SELECT day, server_id FROM server_days FINAL WHERE shots = 0)
        ) AS uncounted,
        groupUniqArray(server_id) AS servers
    FROM player_daily
    WHERE player_key IN {keys:Array(UInt64)}
    GROUP BY player
) AS daily ON daily.player = transform(player_totals.player_key, {keys:Array(UInt64)}, {players:Array(UInt64)})
WHERE player_key IN {keys:Array(UInt64)}
GROUP BY player;

-- name: weapons
SELECT
    weapon,
    sum(player_weapons.kills) AS kills,
    sum(player_weapons.deaths) AS deaths,
    sum(player_weapons.kill_headshots) AS kill_headshots,
    sum(player_weapons.shots) AS shots,
    sum(player_weapons.hits) AS hits,
    accuracy_of(shots, hits) AS accuracy,
    sum(player_weapons.damage) / 1000 AS damage
FROM player_weapons
WHERE player_key IN {keys:Array(UInt64)}
GROUP BY weapon
ORDER BY kills DESC, weapon
LIMIT 100;

-- name: maps
SELECT
    map,
    sum(player_daily.kills) AS kills,
    sum(player_daily.deaths) AS deaths,
    kd_of(kills, deaths) AS kd,
    max(player_daily.last_seen) AS last_seen
FROM player_daily
WHERE player_key IN {keys:Array(UInt64)} AND map != ''
GROUP BY map
ORDER BY kills DESC, map
LIMIT 100;

-- name: hits
-- By place of the body, and once more by means; the column that a row is not about is empty.
SELECT
    side,
    if(grouping(hitloc) = 0, 'hitloc', 'mod') AS axis,
    hitloc,
    mod,
    sum(hit_locations.hits) AS hits,
    sum(hit_locations.friendly_hits) AS friendly_hits,
    sum(hit_locations.own_hits) AS own_hits,
    sum(hit_locations.damage) / 1000 AS damage,
    sum(hit_locations.kills) AS kills,
    sum(hit_locations.deaths) AS deaths
FROM hit_locations
WHERE player_key IN {keys:Array(UInt64)}
GROUP BY GROUPING SETS ((side, hitloc), (side, mod))
ORDER BY side, axis, hits DESC, hitloc, mod;

-- name: rivals
-- The opponents with the most kills of this player, and those with the most deaths by them.
SELECT
    opponent,
    kills,
    deaths,
    kill_headshots,
    last_time,
    row_number() OVER (ORDER BY deaths DESC, last_time DESC, opponent) AS nemesis,
    row_number() OVER (ORDER BY kills DESC, last_time DESC, opponent) AS victim
FROM (
    SELECT
        person_of(opponent_key) AS opponent,
        sum(rivals.kills) AS kills,
        sum(rivals.deaths) AS deaths,
        sum(rivals.kill_headshots) AS kill_headshots,
        max(rivals.last_time) AS last_time
    FROM rivals
    WHERE player_key IN {keys:Array(UInt64)} AND opponent_key NOT IN {keys:Array(UInt64)}
    GROUP BY opponent
)
QUALIFY nemesis <= {limit:UInt32} OR victim <= {limit:UInt32}
ORDER BY nemesis;

-- name: presence
-- Of some players, as above.
SELECT
    transform(player_key, {keys:Array(UInt64)}, {players:Array(UInt64)}) AS player,
    count() AS matches,
    sum(match_results.playtime) / 1000 AS playtime,
    max(match_results.best_streak) AS best_streak,
    groupArrayArray(match_results.multi_kills) AS multi_kills,
    countIf(match_results.outcome = 1) AS won,
    countIf(match_results.outcome = -1) AS lost,
    sum(match_results.first_kills) AS first_kills,
    sum(match_results.last_kills) AS last_kills,
    sum(match_results.revenges) AS revenges,
    sum(match_results.trades) AS trades
FROM match_results FINAL
WHERE player_key IN {keys:Array(UInt64)}
GROUP BY player;
