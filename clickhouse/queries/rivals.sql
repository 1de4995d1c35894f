-- name: list
-- Whom a player met, the highest of `sort` first.
SELECT
    opponent,
    kills,
    deaths,
    kill_headshots,
    last_time,
    toFloat64({sort:Identifier}) AS value
FROM (
    SELECT
        person_of(opponent_key) AS opponent,
        sum(rivals.kills) AS kills,
        sum(rivals.deaths) AS deaths,
        kills + deaths AS duels,
        sum(rivals.kill_headshots) AS kill_headshots,
        max(rivals.last_time) AS last_time,
        toUnixTimestamp64Milli(last_time) AS last_ms
    FROM rivals
    WHERE player_key IN {keys:Array(UInt64)} AND opponent_key NOT IN {keys:Array(UInt64)}
    GROUP BY opponent
)
WHERE (value, opponent) < ({after_value:Float64}, {after_id:UInt64})
ORDER BY value DESC, opponent DESC
LIMIT {limit:UInt32};

-- name: pair
-- What two players did to each other, seen from the first.
SELECT
    sum(rivals.kills) AS kills,
    sum(rivals.deaths) AS deaths,
    max(rivals.last_time) AS last_time,
    sum(rivals.kill_headshots) AS kill_headshots,
    (
        SELECT sum(rivals.kill_headshots)
        FROM rivals
        WHERE player_key IN {others:Array(UInt64)} AND opponent_key IN {keys:Array(UInt64)}
    ) AS death_headshots
FROM rivals
WHERE player_key IN {keys:Array(UInt64)} AND opponent_key IN {others:Array(UInt64)};

-- name: among
-- How often some players, whose keys are {keys}, killed each other: `players` says whose each is.
SELECT
    transform(player_key, {keys:Array(UInt64)}, {players:Array(UInt64)}) AS killer,
    transform(opponent_key, {keys:Array(UInt64)}, {players:Array(UInt64)}) AS victim,
    sum(rivals.kills) AS kills
FROM rivals
WHERE player_key IN {keys:Array(UInt64)} AND opponent_key IN {keys:Array(UInt64)}
GROUP BY killer, victim;
