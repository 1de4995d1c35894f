-- Each player in each match, by match: what a player's matches came to is in match_results.
-- rebuild: match_players

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
    lifeline SimpleAggregateFunction(groupArrayArray, Array(Tuple(Int64, Int64, Int8)))
        COMMENT 'kills (1) and deaths (-1): unix milliseconds, seq, sign; in any order' CODEC(ZSTD(1))
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
toUnixTimestamp64Milli(time) AS ms
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
    groupArrayIf((ms, seq, toInt8(if(kill, 1, -1))), kill OR death) AS lifeline
FROM raw_events
ARRAY JOIN
    if(target_key = 0, [actor_key], [actor_key, target_key]) AS player_key,
    if(target_key = 0, [true], [true, false]) AS did
WHERE match_key != 0 AND player_key != 0
GROUP BY player_key, match_key;
