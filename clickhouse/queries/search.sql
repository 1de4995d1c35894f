-- name: folded
-- What is looked for, and what maps, weapons and servers are called, whose names Postgres has: all of it folded.
WITH
(SELECT groupUniqArray(toString(map)) FROM map_daily WHERE map != '') AS maps,
(SELECT groupUniqArray(toString(weapon)) FROM weapon_totals) AS weapons
SELECT
    one.1 AS kind,
    one.2 AS id,
    one.3 AS name,
    search_fold(name) AS folded
FROM (
    SELECT arrayJoin(arrayConcat(
        [('asked', '', {q:String})],
        arrayMap(map -> ('map', map, map), maps),
        arrayMap(weapon -> ('weapon', weapon, weapon), weapons),
        arrayMap((id, server) -> ('server', toString(id), server), {ids:Array(UInt32)}, {names:Array(String)})
    )) AS one
);

-- name: beginnings
-- Players with a name that begins so: a range of the key.
SELECT
    person_of(player_key) AS player,
    min(search_fit(player_names.shown, player_names.folded, {q:String}, {folded:String}) AS fit) AS best_fit,
    argMin(player_names.shown, (fit, -toInt64(player_names.events))) AS name
FROM player_names
WHERE startsWith(player_names.folded, {folded:String})
GROUP BY player
ORDER BY best_fit, sum(player_names.events) DESC, player
LIMIT {limit:UInt32};

-- name: players
-- Players by any name they ever used. Names are sifted by their pairs of letters first, 16 bytes each: they may lack few
-- of what is looked for.
WITH
search_pairs({folded:String}) AS pairs,
low_bits(pairs) AS low,
high_bits(pairs) AS high,
bitCount(low) + bitCount(high) - search_slack({folded:String}) AS least
SELECT
    person_of(player_key) AS player,
    min(search_fit(player_names.shown, player_names.folded, {q:String}, {folded:String}) AS fit) AS best_fit,
    argMin(player_names.shown, (fit, -toInt64(player_names.events))) AS name
FROM player_names
PREWHERE bitCount(bitAnd(pairs_low, low)) + bitCount(bitAnd(pairs_high, high)) >= least
WHERE fit < 9
GROUP BY player
ORDER BY best_fit, sum(player_names.events) DESC, player
LIMIT {limit:UInt32};

-- name: others
-- Of what is called so, what fits.
SELECT
    one.1 AS kind,
    one.2 AS id,
    one.3 AS name,
    search_fit(name, one.4, {q:String}, {folded:String}) AS fit
FROM (
    SELECT arrayJoin(arrayZip(
        {kinds:Array(String)}, {ids:Array(String)}, {names:Array(String)}, {all_folded:Array(String)}
    )) AS one
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
