-- Lifelines say against whom, for what only the course of a match tells: first and last kills, revenge, trades, who won
-- where everybody fights for themselves. And stances, for the time spent crouched.
-- rebuild: match_players

DROP FUNCTION IF EXISTS best_streak;

DROP FUNCTION IF EXISTS multi_kills;

-- A lifeline is a player's kills and deaths in one match, in any order: (unix milliseconds, seq, 1 for a kill or -1 for a
-- death, the key of the victim or killer, 1 for the allies' or 2 for the axis' when that is an enemy in a team game).
-- Kills are in the order of their time, then seq.

-- Each life after the first begins with the death before it, the first with a moment that is neither.
CREATE FUNCTION IF NOT EXISTS lives AS (lifeline) ->
    arraySplit(moment -> moment.3 = -1, arraySort(arrayPushFront(lifeline, (0, 0, 0, 0, 0))));

-- Kills between deaths: the longest run.
CREATE FUNCTION IF NOT EXISTS best_streak AS (lifeline) ->
    arrayMax(arrayMap(life -> arrayCount(moment -> moment.3 = 1, life), lives(lifeline)));

CREATE FUNCTION IF NOT EXISTS kills_in_order AS (lifeline) -> arraySort(arrayFilter(moment -> moment.3 = 1, lifeline));

-- The sizes of multi-kills: kills each within 4 s of the one before, two or more.
CREATE FUNCTION IF NOT EXISTS multi_kills AS (lifeline) -> arrayFilter(
    size -> size > 1,
    arrayMap(
        run -> length(run),
        arraySplit(
            (moment, gap) -> gap > 4000,
            kills_in_order(lifeline),
            arrayDifference(arrayMap(moment -> moment.1, kills_in_order(lifeline)))
        )
    )
);

-- Deaths whose killer the player killed before dying again.
CREATE FUNCTION IF NOT EXISTS revenges AS (lifeline) -> arrayCount(
    life -> life[1].4 != 0 AND has(arrayMap(moment -> moment.4, arrayPopFront(life)), life[1].4),
    lives(lifeline)
);

-- Who traded: the killers of the player who thereby paid back a team mate, whom the player had killed at most 4 s before,
-- in the same life.
CREATE FUNCTION IF NOT EXISTS traders AS (lifeline) -> arrayMap(
    life -> life[-1].4,
    arrayFilter(
        life -> life[-1].3 = -1 AND life[-1].5 != 0 AND arrayExists(
            (moment, death) -> moment.3 = 1
                AND moment.5 = death.5
                AND moment.4 != death.4
                AND moment.1 >= death.1 - 4000,
            life,
            arrayWithConstant(length(life), life[-1])
        ),
        arrayReverseSplit(moment -> moment.3 = -1, arraySort(lifeline))
    )
);

-- Milliseconds spent crouched. Stances are (unix milliseconds, seq, 1 for going down or 0 for what ends it), in any order;
-- what nothing ends lasts until `last`.
CREATE FUNCTION IF NOT EXISTS crouched AS (stances, last) -> arraySum(
    (moment, ends) -> if(moment.3 = 1, ends - moment.1, 0),
    arraySort(arrayPushFront(stances, (0, 0, 0))),
    arrayPushBack(arraySort(arrayMap(moment -> moment.1, stances)), last)
);

DROP VIEW IF EXISTS match_players_view SYNC;

DROP TABLE IF EXISTS match_players SYNC;

CREATE TABLE IF NOT EXISTS match_players
(
    player_key UInt64,
    match_key UInt64,
    name SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), String)) COMMENT 'the last one, as sent',
    team SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Int64, String)) COMMENT 'the last one: time, seq, team',
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    gone SimpleAggregateFunction(max, Int64) COMMENT 'the last disconnect, unix milliseconds',
    joins SimpleAggregateFunction(sum, Int64) COMMENT 'of a playing team',
    leaves SimpleAggregateFunction(sum, Int64),
    joined SimpleAggregateFunction(sum, Int64) COMMENT 'the times of the joins added up, unix milliseconds',
    left_at SimpleAggregateFunction(sum, Int64),
    kills SimpleAggregateFunction(sum, UInt64),
    deaths SimpleAggregateFunction(sum, UInt64),
    suicides SimpleAggregateFunction(sum, UInt64),
    team_kills SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    damage_dealt SimpleAggregateFunction(sum, Int64) COMMENT 'to enemies, thousandths',
    damage_taken SimpleAggregateFunction(sum, Int64),
    shots SimpleAggregateFunction(sum, UInt64),
    hits SimpleAggregateFunction(sum, UInt64),
    chat_lines SimpleAggregateFunction(sum, UInt64),
    lifeline SimpleAggregateFunction(groupArrayArray, Array(Tuple(Int64, Int64, Int8, UInt64, Int8)))
        COMMENT 'unix milliseconds, seq, 1: kill or -1: death, whom or by whom, side of that enemy' CODEC(ZSTD(1)),
    stances SimpleAggregateFunction(groupArrayArray, Array(Tuple(Int64, Int64, Int8)))
        COMMENT 'unix milliseconds, seq, 1: crouched or 0: no longer' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (match_key, player_key)
SETTINGS
    index_granularity = 256,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS match_players_view TO match_players AS
WITH
did AND is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS kill,
NOT did AND is_death(type, actor_key) AS death,
type = 'player_damage' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team) AS enemy_damage,
did AND is_join(type, old_team, new_team) AS is_joining,
did AND is_leave(type, actor_team, old_team, new_team) AS is_leaving,
toUnixTimestamp64Milli(time) AS ms,
gametype != 'ffa' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team) AS at_war,
transform(if(did, target_team, actor_team), ['allies', 'axis'], [1, 2], 0) AS side,
death OR (did AND type IN (
    'player_crouch', 'player_stand', 'player_prone', 'player_spawn', 'player_respawn', 'player_spectate', 'team_join',
    'client_disconnect'
)) AS changes_stance
SELECT
    player_key,
    match_key,
    max((time, if(did, actor_name, target_name))) AS name,
    maxIf(
        (
            time,
            seq,
            toString(multiIf(
                did AND type = 'team_join', canonical_team(new_team),
                did, actor_team,
                target_team
            ))
        ),
        (did AND type = 'team_join') OR if(did, actor_team, target_team) != ''
    ) AS team,
    min(time) AS first_seen,
    max(time) AS last_seen,
    maxIf(ms, did AND type = 'client_disconnect') AS gone,
    sum(is_joining) AS joins,
    sum(is_leaving) AS leaves,
    sumIf(ms, is_joining) AS joined,
    sumIf(ms, is_leaving) AS left_at,
    sum(kill) AS kills,
    sum(death) AS deaths,
    sum(NOT did AND is_suicide(type, actor_key, target_key)) AS suicides,
    sum(did AND is_team_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS team_kills,
    sum(kill AND at_head(hitloc)) AS kill_headshots,
    sum(if(did AND enemy_damage, thousandths(damage), 0)) AS damage_dealt,
    sum(if(NOT did AND enemy_damage, thousandths(damage), 0)) AS damage_taken,
    sum(if(did, shots_of(type, fired), 0)) AS shots,
    sum(if(did, hits_of(type, raw_events.hits), 0)) AS hits,
    sum(did AND type = 'player_say') AS chat_lines,
    groupArrayIf(
        (ms, seq, toInt8(if(kill, 1, -1)), if(did, target_key, actor_key), toInt8(if(at_war, side, 0))), kill OR death
    ) AS lifeline,
    groupArrayIf((ms, seq, toInt8(type = 'player_crouch')), changes_stance) AS stances
FROM raw_events
ARRAY JOIN
    if(target_key = 0, [actor_key], [actor_key, target_key]) AS player_key,
    if(target_key = 0, [true], [true, false]) AS did
WHERE match_key != 0 AND player_key != 0
GROUP BY player_key, match_key;

DROP TABLE IF EXISTS match_results SYNC;

-- Whoever has several keys in a match has one row, under the least of them. A row that holds no longer is written
-- once more with the sign -1: the two vanish in a merge, and until then the boards can leave them out without FINAL,
-- which would merge all rows for every one of them.
CREATE TABLE IF NOT EXISTS match_results
(
    player_key UInt64 COMMENT '0: the match itself',
    match_key UInt64,
    version UInt64,
    sign Int8,
    events UInt64 COMMENT 'of the match, when this was computed; on its own row only',
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    started_at DateTime64(3, 'UTC') COMMENT 'of the match: its first event',
    length Int64 COMMENT 'of the match, milliseconds',
    winning_team LowCardinality(String),
    last_seen DateTime64(3, 'UTC'),
    team LowCardinality(String),
    kills UInt64,
    deaths UInt64,
    kill_headshots UInt32,
    damage_dealt Int64 COMMENT 'to enemies, thousandths',
    playtime Int64 COMMENT 'milliseconds',
    crouched Int64 COMMENT 'milliseconds',
    best_streak UInt32,
    multi_kills Array(UInt32) COMMENT 'sizes',
    first_kills UInt8 COMMENT '1: the first kill of the match',
    last_kills UInt8 COMMENT '1: the last kill of a match that has ended',
    revenges UInt32,
    trades UInt32,
    rounds UInt32 COMMENT 'that ended in the match',
    took_part Bool COMMENT 'played, killed or died',
    outcome Int8 COMMENT '1: won, -1: lost, 0: neither, or not known',
    merged Array(UInt64) COMMENT 'the keys, where they are several'
)
ENGINE = VersionedCollapsingMergeTree(sign, version)
ORDER BY (player_key, match_key)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
