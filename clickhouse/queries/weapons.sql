-- name: list
-- Hits are no part of accuracy on days on which nobody counted the shots.
SELECT
    weapon,
    sum(weapon_totals.kills) AS kills,
    sum(weapon_totals.team_kills) AS team_kills,
    sum(weapon_totals.kill_headshots) AS kill_headshots,
    sum(weapon_totals.shots) AS shots,
    sum(weapon_totals.hits) AS hits,
    accuracy_of(shots, hits - any(ifNull(uncounted.hits, 0))) AS accuracy,
    sum(weapon_totals.damage) / 1000 AS damage,
    sum(weapon_totals.reloads) AS reloads,
    any(ifNull(held.milliseconds, 0)) AS held_ms,
    if(held_ms = 0, NULL, held_ms / 1000) AS in_hand,
    if(held_ms < 60000, NULL, any(held.kills) / (held_ms / 60000)) AS kills_a_minute
FROM weapon_totals
LEFT JOIN (
    SELECT weapon AS uncounted_weapon, sum(weapon_daily.hits) AS hits
    FROM weapon_daily
    WHERE (day, server_id) IN (SELECT day, server_id FROM server_days FINAL WHERE shots = 0)
        AND ({weapon:String} = '' OR weapon = {weapon:String})
    GROUP BY weapon
) AS uncounted ON uncounted_weapon = weapon_totals.weapon
LEFT JOIN (
    SELECT
        hands.weapon AS held_weapon,
        sum(hands.held) AS milliseconds,
        sum(hands.kills) AS kills
    FROM match_reports FINAL
    ARRAY JOIN hands
    WHERE {weapon:String} = '' OR hands.weapon = {weapon:String}
    GROUP BY held_weapon
) AS held ON held_weapon = weapon_totals.weapon
WHERE {weapon:String} = '' OR weapon = {weapon:String}
GROUP BY weapon_totals.weapon
ORDER BY kills DESC, weapon
LIMIT 500;

-- name: players
SELECT
    person_of(player_key) AS player,
    sum(player_weapons.kills) AS kills,
    sum(player_weapons.kill_headshots) AS kill_headshots
FROM player_weapons
WHERE weapon = {weapon:String}
GROUP BY player
HAVING kills > 0
    AND is_asked_for(player, {bots:String})
    AND NOT is_flagged(player)
ORDER BY kills DESC, player
LIMIT {limit:UInt32};

-- name: maps
SELECT
    map,
    sum(weapon_totals.kills) AS kills
FROM weapon_totals
WHERE weapon = {weapon:String} AND map != ''
GROUP BY map
HAVING kills > 0
ORDER BY kills DESC, map
LIMIT 20;

-- name: reach
-- Kills by distance: bands of game units, the nearest first.
SELECT
    band AS since,
    sum(weapon_reach.kills) AS kills,
    sum(weapon_reach.kill_headshots) AS kill_headshots
FROM weapon_reach
WHERE weapon = {weapon:String}
GROUP BY band
ORDER BY band;

-- name: farthest
-- The longest kill with a weapon, in game units, and when it was; nothing without one.
SELECT
    max(weapon_reach.farthest) AS longest,
    longest.1 AS distance,
    fromUnixTimestamp64Milli(-longest.2, 'UTC') AS time,
    longest.3 AS match_key
FROM weapon_reach
WHERE weapon = {weapon:String}
HAVING count() > 0;
