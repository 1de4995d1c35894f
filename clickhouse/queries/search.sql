-- name: fold
SELECT arrayMap(name -> search_fold(name), {names:Array(String)}) AS folded;

-- name: called
-- What maps and weapons are called.
SELECT
    (SELECT groupUniqArray(toString(map)) FROM map_daily WHERE map != '') AS maps,
    (SELECT groupUniqArray(toString(weapon)) FROM weapon_totals) AS weapons;

-- name: beginnings
-- Players with a name that begins so: a range of the key. Of how search_fit counts, three are left.
SELECT
    person_of(player_key) AS player,
    min(multiIf(
        lowerUTF8(player_names.shown) = lowerUTF8({q:String}), 0,
        player_names.folded = {folded:String}, 1,
        2
    ) AS fit) AS best_fit,
    argMin(player_names.shown, fit * 1e15 - player_names.events) AS name
FROM player_names
WHERE startsWith(player_names.folded, {folded:String})
GROUP BY player
ORDER BY best_fit, sum(player_names.events) DESC, player
LIMIT {limit:UInt32};

-- name: count
SELECT count() AS names FROM player_names;

-- name: near
-- Players by any name they ever used that is, begins with or holds what is looked for, or is it with one slip: that leaves
-- the first letters whole or the last ones, a range of one key or the other.
WITH
intDiv(lengthUTF8({folded:String}) - 1, 2) AS half,
leftUTF8({folded:String}, half) AS first_letters,
reverseUTF8(rightUTF8({folded:String}, half)) AS last_letters
SELECT
    person_of(player_key) AS player,
    min(fit) AS best_fit,
    argMin(shown, (fit, -toInt64(events))) AS name
FROM (
    SELECT
        player_key,
        shown,
        events,
        multiIf(
            lowerUTF8(shown) = lowerUTF8({q:String}), 0,
            folded = {folded:String}, 1,
            startsWith(folded, {folded:String}), 2,
            3
        ) AS fit
    FROM player_names
    WHERE hasAllTokens(folded, ngrams({folded:String}, 2)) AND position(folded, {folded:String}) > 0
    UNION ALL
    SELECT player_key, shown, events, 4 AS fit
    FROM player_names
    WHERE lengthUTF8({folded:String}) >= 5
        AND startsWith(folded, first_letters)
        AND is_one_slip(folded, {folded:String})
    UNION ALL
    SELECT player_key, shown, events, 4 AS fit
    FROM player_name_ends
    WHERE lengthUTF8({folded:String}) >= 5
        AND startsWith(backwards, last_letters)
        AND NOT endsWith(backwards, reverseUTF8(first_letters))
        AND is_one_slip(backwards, reverseUTF8({folded:String}))
)
GROUP BY player
ORDER BY best_fit, sum(events) DESC, player
LIMIT {limit:UInt32};

-- name: far
-- Players by any name that fits with more slips, or with one in its beginning or end. Names are sifted by their pairs of
-- letters first, 16 bytes each: they may lack few of what is looked for. Then by what is left of them when folded; the
-- rest is read of those that fit.
WITH
search_pairs({folded:String}) AS pairs,
low_bits(pairs) AS low,
high_bits(pairs) AS high,
bitCount(low) + bitCount(high) - search_slack({folded:String}) AS least
SELECT
    person_of(player_key) AS player,
    min(if(lowerUTF8(player_names.shown) = lowerUTF8({q:String}), 0, folded_fit) AS fit) AS best_fit,
    argMin(player_names.shown, (fit, -toInt64(player_names.events))) AS name
FROM player_names
PREWHERE bitCount(bitAnd(pairs_low, low)) + bitCount(bitAnd(pairs_high, high)) >= least
    AND (search_fit('', player_names.folded, {q:String}, {folded:String}) AS folded_fit) < 9
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
