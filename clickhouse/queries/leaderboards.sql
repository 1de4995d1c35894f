-- A board is `board` over one of the queries below it. What they count is an expression of the catalogue
-- (api/stats/metrics.py), put in where it says Expression; all else is bound.

-- name: board
SELECT
    player,
    toFloat64(assumeNotNull(counted)) AS value,
    toUInt64(cases) AS sample,
    toFloat64(assumeNotNull({score:Expression})) AS score
FROM ({counted:Query})
WHERE counted IS NOT NULL
    AND (counted > 0 OR {signed:Bool})
    AND cases >= {minimum:UInt64}
    AND (score, player) < ({after_value:Float64}, {after_id:UInt64})
    AND is_asked_for(player, {bots:String})
    AND NOT is_flagged(player)
ORDER BY score DESC, player DESC
LIMIT {limit:UInt32}
-- The length of an array is a sum that is kept; its subcolumn is none.
SETTINGS optimize_functions_to_subcolumns = 0;

-- name: daily
-- Of player_daily, or of player_totals for everything at all times.
SELECT
    person_of(player_key) AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM {scores:Identifier} AS scores
WHERE day >= {since:Date} AND day < {until:Date}
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
    AND ({map:String} = '' OR map = {map:String})
    AND ({gametype:String} = '' OR gametype = {gametype:String})
    AND (empty({reporting:Array(String)}) OR server_id IN (
        SELECT server_id FROM event_types WHERE type IN {reporting:Array(String)}
    ))
GROUP BY player

-- name: acts
-- How often something was done.
SELECT
    person_of(player_key) AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM player_acts
WHERE act IN {acts:Array(String)} AND {kinds:Expression}
    AND day >= {since:Date} AND day < {until:Date}
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
    AND ({map:String} = '' OR map = {map:String})
    AND ({gametype:String} = '' OR gametype = {gametype:String})
GROUP BY player

-- name: by_match
-- What can only be told match by match. A match belongs to the day on which it began. Sums go by the sign of a row, which
-- takes back what no longer holds; migration 0044 keeps them.
SELECT
    person_of(player_key) AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM match_results
WHERE player_key != 0
    AND ({since:Date} = '1970-01-01' OR toDate(started_at) >= {since:Date})
    AND ({until:Date} = '2149-06-06' OR toDate(started_at) < {until:Date})
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
    AND ({map:String} = '' OR map = {map:String})
    AND ({gametype:String} = '' OR gametype = {gametype:String})
    AND (empty({reporting:Array(String)}) OR server_id IN (
        SELECT server_id FROM event_types WHERE type IN {reporting:Array(String)}
    ))
GROUP BY player

-- name: by_match_most
-- The same where no sum tells it: of the rows that hold.
SELECT
    person_of(player_key) AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM match_results
WHERE player_key != 0 AND sign = 1
    AND (player_key, match_key, version) NOT IN (
        SELECT player_key, match_key, version FROM match_results WHERE sign = -1
    )
    AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
    AND ({map:String} = '' OR map = {map:String})
    AND ({gametype:String} = '' OR gametype = {gametype:String})
GROUP BY player

-- name: by_weapon
-- With one weapon, at all times and everywhere.
SELECT
    person_of(player_key) AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM (
    SELECT player_key, kills, deaths, kill_headshots, shots, hits, damage AS damage_dealt
    FROM player_weapons
    WHERE weapon = {weapon:String}
)
GROUP BY player

-- name: rated
-- Of each game type: a rating counts one of them, or the best. Players are people here, after links.
SELECT
    player_key AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM (
    SELECT
        player_key,
        (mu - 3 * sigma) / 1000000 AS ordinal,
        gained / 1000000 AS gained,
        matches
    FROM current_ratings FINAL
    WHERE player_key != 0 AND ({gametype:String} = '' OR gametype = {gametype:String})
)
GROUP BY player

-- name: rated_between
-- The same, of what matches did between two days.
SELECT
    player_key AS player,
    {value:Expression} AS counted,
    {sample:Expression} AS cases
FROM (
    SELECT
        player_key,
        argMax(mu - 3 * sigma, (started_at, match_key)) / 1000000 AS ordinal,
        sum(mu - mu_before) / 1000000 AS gained,
        count() AS matches
    FROM ratings
    WHERE player_key != 0 AND sign = 1
        AND (gametype, started_at, match_key, player_key, version) NOT IN (
            SELECT gametype, started_at, match_key, player_key, version FROM ratings WHERE sign = -1
        )
        AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
        AND ({gametype:String} = '' OR gametype = {gametype:String})
    GROUP BY player_key, gametype
)
GROUP BY player

-- name: reporting
-- How many servers, of those asked about, ever told of such an event.
SELECT uniqExact(server_id) AS servers
FROM event_types
WHERE type IN {types:Array(String)} AND ({server:UInt32} = 0 OR server_id = {server:UInt32});
