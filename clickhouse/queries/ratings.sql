-- name: told
-- What line-ups and records depend on, for a glance: nothing is to be done while it stays the same.
SELECT
    (
        SELECT groupBitXor(sipHash64(match_key, version))
        FROM match_results FINAL
        WHERE player_key = 0 AND match_key IN (SELECT match_key FROM matches WHERE ended_at IS NOT NULL)
    ) AS matches,
    (SELECT groupBitXor(sipHash64(player_key, player)) FROM player_links FINAL) AS links,
    (SELECT groupBitXor(player_key) FROM bot_keys) AS bots,
    (SELECT groupBitXor(player_key) FROM player_marks FINAL WHERE flagged) AS flagged;

-- name: stale
-- From which match on the ratings of a game type are not those of the matches that there are, and how many matches
-- that is. A chain tells all matches up to one, since their order follows from what their digests are of.
SELECT
    toString(gametype) AS gametype,
    min((started_ms, match_key)) AS first,
    countIf(matches.wanted) AS matches
FROM (
    SELECT gametype, started_ms, match_key, chain, max(wanted) AS wanted
    FROM (
        SELECT
            gametype,
            started_ms,
            match_key,
            sum(sipHash64({model:UInt32}, digest)) OVER (
                PARTITION BY gametype ORDER BY started_ms, match_key ROWS UNBOUNDED PRECEDING
            ) AS chain,
            true AS wanted
        FROM line_ups
        UNION ALL
        SELECT toString(gametype) AS gametype, toUnixTimestamp64Milli(started_at) AS started_ms, match_key, chain, false
        FROM {ratings:Identifier} FINAL
        WHERE player_key = 0
    )
    GROUP BY gametype, started_ms, match_key, chain
    HAVING count() = 1
) AS matches
GROUP BY gametype
ORDER BY gametype;

-- name: next
-- The next matches of a game type that have ended, from one on.
SELECT
    toUnixTimestamp64Milli(started_at) AS started_ms,
    match_key
FROM match_results FINAL
WHERE player_key = 0
    AND gametype = {gametype:String}
    AND (started_at, match_key) >= (fromUnixTimestamp64Milli({started_ms:Int64}, 'UTC'), {match:UInt64})
    AND match_key IN (SELECT match_key FROM matches WHERE ended_at IS NOT NULL)
ORDER BY started_at, match_key
LIMIT {limit:UInt32};

-- name: line_ups
SELECT
    match_key,
    gametype,
    started_ms,
    length,
    winning_team,
    score,
    entrants,
    sipHash64({model:UInt32}, digest) AS digest
FROM line_ups
WHERE match_key IN {matches:Array(UInt64)} AND gametype = {gametype:String}
ORDER BY started_ms, match_key;

-- name: before
-- What the ratings were before a match: of the players, and the chain under the key 0.
SELECT
    player_key,
    argMax(mu, (started_at, match_key)) AS mu,
    argMax(sigma, (started_at, match_key)) AS sigma,
    argMax(chain, (started_at, match_key)) AS chain
FROM {ratings:Identifier} FINAL
WHERE gametype = {gametype:String}
    AND (started_at, match_key) < (fromUnixTimestamp64Milli({started_ms:Int64}, 'UTC'), {match:UInt64})
    AND player_key IN {players:Array(UInt64)}
GROUP BY player_key;

-- name: rated
-- The rows from one match to another, taken back, and those that take their place. They are inserted as one block: all
-- of them or none.
WITH (SELECT max(version) FROM {ratings:Identifier}) AS last_version
SELECT * REPLACE (-1 AS sign)
FROM {ratings:Identifier} FINAL
WHERE gametype = {gametype:String}
    AND (started_at, match_key) >= (fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC'), {from_match:UInt64})
    AND (started_at, match_key) <= (fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC'), {to_match:UInt64})
UNION ALL
SELECT
    {gametype:String} AS gametype,
    fromUnixTimestamp64Milli(row.1, 'UTC') AS started_at,
    row.2 AS match_key,
    row.3 AS player_key,
    last_version + 1 AS version,
    1 AS sign,
    row.4 AS chain,
    row.5 AS mu_before,
    row.6 AS sigma_before,
    row.7 AS mu,
    row.8 AS sigma,
    row.9 AS team,
    row.10 AS rank,
    row.11 AS share,
    row.12 AS expected,
    row.13 AS result
FROM (
    SELECT arrayJoin(
        {rows:Array(Tuple(Int64, UInt64, UInt64, UInt64, Int64, Int64, Int64, Int64, String, UInt32, Int64, Int64, Int64))}
    ) AS row
)
SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1048576, insert_deduplicate = 0;

-- name: behind
-- Game types whose current ratings are not those after their last match.
SELECT gametype
FROM (
    SELECT toString(gametype) AS gametype, argMax(ratings.chain, (started_at, match_key)) AS last_chain
    FROM ratings FINAL
    WHERE player_key = 0
    GROUP BY gametype
    UNION ALL
    SELECT toString(gametype) AS gametype, chain
    FROM {current:Identifier} FINAL
    WHERE player_key = 0
)
GROUP BY gametype, last_chain
HAVING count() = 1
ORDER BY gametype
LIMIT 1 BY gametype;

-- name: last_known
-- Current ratings that are others than those that stand there, and those that are no more. They are inserted as one
-- block: all of them or none.
WITH
(SELECT max(version) FROM {current:Identifier}) AS last_version,
latest AS (
    SELECT
        gametype,
        player_key,
        argMax(r.mu, (started_at, match_key)) AS mu,
        argMax(r.sigma, (started_at, match_key)) AS sigma,
        sum(r.mu - r.mu_before) AS gained,
        count() AS matches,
        max(started_at) AS last_at,
        argMax(r.chain, (started_at, match_key)) AS chain
    FROM ratings AS r FINAL
    WHERE gametype = {gametype:String}
    GROUP BY gametype, player_key
)
SELECT
    gametype,
    player_key,
    last_version + 1 AS version,
    0 AS deleted,
    mu,
    sigma,
    gained,
    matches,
    last_at,
    chain
FROM latest
WHERE (player_key, mu, sigma, gained, matches, last_at, chain) NOT IN (
    SELECT player_key, mu, sigma, gained, matches, last_at, chain
    FROM {current:Identifier} FINAL
    WHERE gametype = {gametype:String}
)
UNION ALL
SELECT * REPLACE (last_version + 1 AS version, 1 AS deleted)
FROM {current:Identifier} FINAL
WHERE gametype = {gametype:String} AND player_key NOT IN (SELECT player_key FROM latest)
SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1048576, insert_deduplicate = 0;

-- name: current
-- A player's rating in each game type, and the place that it has there among those who stand on boards; whoever does not
-- is told the place that the rating would have.
SELECT
    gametype,
    own.mu AS mu,
    own.sigma AS sigma,
    own.matches AS matches,
    own.last_at AS last_at,
    1 + countIf(ranks AND (c.mu - 3 * c.sigma, c.player_key) > (mu - 3 * sigma, own.player_key)) AS place,
    countIf(ranks OR c.player_key IN {keys:Array(UInt64)}) AS players
FROM (
    SELECT *, NOT is_bot(player_key) AND NOT is_flagged(player_key) AS ranks
    FROM current_ratings FINAL
    WHERE player_key != 0
) AS c
INNER JOIN (
    SELECT * FROM current_ratings FINAL WHERE player_key IN {keys:Array(UInt64)}
) AS own USING (gametype)
GROUP BY gametype, own.player_key, mu, sigma, matches, last_at
ORDER BY last_at DESC, gametype;

-- name: curve
-- A player's rating at the end of each day with a match, the latest days.
SELECT
    gametype,
    toDate(started_at) AS day,
    argMax(ratings.mu, (started_at, match_key)) AS mu,
    argMax(ratings.sigma, (started_at, match_key)) AS sigma,
    count() AS matches
FROM ratings
WHERE player_key IN {keys:Array(UInt64)} AND sign = 1
    AND (gametype, started_at, match_key, player_key, version) NOT IN (
        SELECT gametype, started_at, match_key, player_key, version
        FROM ratings
        WHERE player_key IN {keys:Array(UInt64)} AND sign = -1
    )
    AND ({gametype:String} = '' OR gametype = {gametype:String})
GROUP BY gametype, day
ORDER BY day DESC, gametype
LIMIT {limit:UInt32};

-- name: changes
-- What matches did to a player's rating, the latest first.
SELECT
    match_key,
    toUnixTimestamp64Milli(started_at) AS started_ms,
    started_at,
    player_key,
    gametype,
    mu_before,
    sigma_before,
    mu,
    sigma,
    team,
    rank,
    share,
    expected,
    result
FROM ratings
WHERE player_key IN {keys:Array(UInt64)} AND sign = 1
    AND (gametype, started_at, match_key, player_key, version) NOT IN (
        SELECT gametype, started_at, match_key, player_key, version
        FROM ratings
        WHERE player_key IN {keys:Array(UInt64)} AND sign = -1
    )
    AND ({gametype:String} = '' OR gametype = {gametype:String})
    AND (toFloat64(started_ms), match_key) < ({after_value:Float64}, {after_id:UInt64})
ORDER BY started_ms DESC, match_key DESC
LIMIT {limit:UInt32};

-- name: of_matches
-- Everybody who was rated in some matches, the best first; their starts bound what is read.
SELECT
    match_key,
    player_key,
    mu_before,
    sigma_before,
    mu,
    sigma,
    team,
    rank,
    share,
    expected,
    result
FROM ratings FINAL
WHERE gametype IN {gametypes:Array(String)}
    AND started_at IN (SELECT fromUnixTimestamp64Milli(arrayJoin({starts:Array(Int64)}), 'UTC'))
    AND match_key IN {matches:Array(UInt64)} AND player_key != 0
ORDER BY match_key, rank, mu - mu_before DESC, player_key;

-- name: heads
SELECT
    match_key,
    public_id(match_key) AS id,
    server_id,
    map
FROM match_results FINAL
WHERE player_key = 0 AND match_key IN {matches:Array(UInt64)};

-- name: board
-- Players of a game type, those first of whom the most can be said for sure.
SELECT
    player_key AS player,
    mu,
    sigma,
    matches,
    last_at,
    toFloat64(mu - 3 * sigma) AS value
FROM current_ratings FINAL
WHERE player_key != 0 AND gametype = {gametype:String}
    AND NOT is_bot(player_key) AND NOT is_flagged(player_key)
    AND matches >= {minimum:UInt64}
    AND (value, player) < ({after_value:Float64}, {after_id:UInt64})
ORDER BY value DESC, player DESC
LIMIT {limit:UInt32};

-- name: gametypes
SELECT
    gametype,
    sumIf(current_ratings.matches, player_key = 0) AS matches,
    countIf(player_key != 0) AS players
FROM current_ratings FINAL
GROUP BY gametype
HAVING players > 0
ORDER BY matches DESC, gametype;

-- name: of_members
-- Members' ratings in a game type; where none is named, in the one in which each was rated most often.
WITH arrayMap(member -> person_of(sipHash64('member', toString(member))), {members:Array(UInt64)}) AS people
SELECT
    arrayElement({members:Array(UInt64)}, indexOf(people, player_key)) AS member,
    argMax(current_ratings.mu, (matches, gametype)) AS mu,
    argMax(current_ratings.sigma, (matches, gametype)) AS sigma
FROM current_ratings FINAL
WHERE player_key IN (SELECT arrayJoin(people)) AND ({gametype:String} = '' OR gametype = {gametype:String})
GROUP BY player_key
ORDER BY member;
