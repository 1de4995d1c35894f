-- name: players
-- Players by any name they ever used. Names are sifted by their pairs of letters first, 16 bytes each.
WITH
-- As one value each, or they would be planned again wherever they stand.
(SELECT search_fold({q:String})) AS asked,
(
    SELECT (low_bits(pairs), high_bits(pairs), bitCount(low_bits(pairs)) + bitCount(high_bits(pairs)) - search_slack(folded))
    FROM (SELECT search_fold({q:String}) AS folded, search_pairs(folded) AS pairs)
) AS sought
SELECT
    person_of(player_key) AS player,
    min(fit) AS best_fit,
    argMin(shown, (fit, -toInt64(events))) AS name
FROM (
    SELECT
        player_key,
        player_identities.shown AS shown,
        player_identities.events AS events,
        search_fit(player_identities.shown, folded, {q:String}, asked) AS fit
    FROM player_identities
    PREWHERE bitCount(bitAnd(pairs_low, sought.1)) + bitCount(bitAnd(pairs_high, sought.2)) >= sought.3
)
WHERE fit < 9
GROUP BY player
ORDER BY best_fit, sum(events) DESC, player
LIMIT {limit:UInt32};

-- name: others
-- Maps, weapons, and servers, whose names Postgres has.
WITH
(SELECT search_fold({q:String})) AS asked,
(SELECT groupUniqArray(toString(map)) FROM map_daily WHERE map != '') AS maps,
(SELECT groupUniqArray(toString(weapon)) FROM weapon_totals) AS weapons
SELECT
    one.1 AS kind,
    one.2 AS id,
    one.3 AS name,
    search_fit(name, folded_name, {q:String}, asked) AS fit
FROM (
    SELECT one, search_fold(one.3) AS folded_name
    FROM (
        SELECT arrayJoin(arrayConcat(
            arrayMap(map -> ('map', map, map), maps),
            arrayMap(weapon -> ('weapon', weapon, weapon), weapons),
            arrayMap((id, server) -> ('server', toString(id), server), {ids:Array(UInt32)}, {names:Array(String)})
        )) AS one
    )
)
WHERE fit < 9
ORDER BY kind, fit, length(name), name
LIMIT {limit:UInt32} BY kind;

-- name: matches
-- By their id, or by what their server calls them.
SELECT
    public_id(match_key) AS id,
    max(toString(matches.map)) AS map
FROM matches
WHERE matches.match_id = {q:String} OR match_key = {key:UInt64}
GROUP BY match_key
ORDER BY max(last_time) DESC, match_key
LIMIT {limit:UInt32};
