-- name: matches
-- Matches in which some members, each for as long as they belonged together, fought on one side: at least so many of
-- them, and fewer on the other. Wins and losses of all such matches stand in every row.
WITH arrayMap(member -> person_of(sipHash64('member', toString(member))), {members:Array(UInt64)}) AS roster
SELECT
    *,
    count() OVER () AS matches,
    countIf(outcome = 1) OVER () AS won,
    countIf(outcome = -1) OVER () AS lost,
    sum(kills) OVER () AS all_kills,
    sum(deaths) OVER () AS all_deaths
FROM (
    SELECT
        match_key,
        public_id(match_key) AS id,
        any(match_results.server_id) AS server_id,
        any(match_results.map) AS map,
        any(match_results.gametype) AS gametype,
        any(match_results.started_at) AS started_at,
        match_results.team AS side,
        any(match_results.outcome) AS outcome,
        uniqExact(person_of(player_key)) AS together,
        sum(match_results.kills) AS kills,
        sum(match_results.deaths) AS deaths,
        count() OVER (PARTITION BY match_key) AS sides
    FROM match_results FINAL
    WHERE player_key IN (
        SELECT arrayJoin(keys_of(person_of(sipHash64('member', toString(arrayJoin({members:Array(UInt64)}))))))
    )
    AND took_part
    AND match_results.team IN ('allies', 'axis')
    AND match_results.gametype != 'ffa'
    AND NOT is_flagged(person_of(player_key))
    AND arrayExists(
        (person, since, until) -> person = person_of(player_key)
            AND toUnixTimestamp64Milli(match_results.started_at) >= since
            AND toUnixTimestamp64Milli(match_results.started_at) < until,
        roster, {since_ms:Array(Int64)}, {until_ms:Array(Int64)}
    )
    GROUP BY match_key, side
    HAVING together >= {least:UInt32}
)
WHERE sides = 1
ORDER BY started_at DESC, match_key DESC
LIMIT {limit:UInt32};
