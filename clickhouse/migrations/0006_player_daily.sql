-- What each player did and suffered on a day, by server, map and game type. Amounts in thousandths.

CREATE TABLE IF NOT EXISTS player_daily
(
    player_key UInt64,
    day Date,
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    events SimpleAggregateFunction(sum, UInt64),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    kills SimpleAggregateFunction(sum, UInt64),
    deaths SimpleAggregateFunction(sum, UInt64),
    suicides SimpleAggregateFunction(sum, UInt64),
    team_kills SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64) COMMENT 'kills at head or helmet',
    bash_kills SimpleAggregateFunction(sum, UInt64),
    grenade_kills SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64),
    hits SimpleAggregateFunction(sum, UInt64) COMMENT 'shots that hit, by weapon_hit and accuracy_summary',
    hit_headshots SimpleAggregateFunction(sum, UInt64) COMMENT 'damage to enemies at head or helmet',
    damage_dealt SimpleAggregateFunction(sum, Int64),
    damage_taken SimpleAggregateFunction(sum, Int64),
    friendly_damage SimpleAggregateFunction(sum, Int64) COMMENT 'dealt to team mates',
    chat_lines SimpleAggregateFunction(sum, UInt64),
    jumps SimpleAggregateFunction(sum, UInt64),
    reloads SimpleAggregateFunction(sum, UInt64),
    grenades SimpleAggregateFunction(sum, UInt64) COMMENT 'thrown',
    pickups SimpleAggregateFunction(sum, UInt64),
    objectives SimpleAggregateFunction(sum, UInt64),
    distance SimpleAggregateFunction(sum, Int64),
    walked SimpleAggregateFunction(sum, Int64),
    sprinted SimpleAggregateFunction(sum, Int64),
    swam SimpleAggregateFunction(sum, Int64),
    driven SimpleAggregateFunction(sum, Int64)
)
ENGINE = AggregatingMergeTree
ORDER BY (player_key, day, server_id, map, gametype)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_daily_view TO player_daily AS
WITH
did AND is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS kill,
type = 'player_damage' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team) AS enemy_damage,
type = 'player_distance' AND did AS moved
SELECT
    player_key,
    toDate(time) AS day,
    server_id,
    map,
    gametype,
    count() AS events,
    min(time) AS first_seen,
    max(time) AS last_seen,
    sum(kill) AS kills,
    sum(NOT did AND is_death(type, actor_key)) AS deaths,
    sum(NOT did AND is_suicide(type, actor_key, target_key)) AS suicides,
    sum(did AND is_team_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS team_kills,
    sum(kill AND at_head(hitloc)) AS kill_headshots,
    sum(kill AND mod = 'bash') AS bash_kills,
    sum(kill AND mod = 'grenade') AS grenade_kills,
    sum(if(did, shots_of(type, fired), 0)) AS shots,
    sum(if(did, hits_of(type, raw_events.hits), 0)) AS hits,
    sum(did AND enemy_damage AND at_head(hitloc)) AS hit_headshots,
    sum(if(did AND enemy_damage, thousandths(damage), 0)) AS damage_dealt,
    sum(if(NOT did AND enemy_damage, thousandths(damage), 0)) AS damage_taken,
    sum(if(
        did AND type = 'player_damage' AND is_team_mate(gametype, actor_key, actor_team, target_key, target_team),
        thousandths(damage),
        0
    )) AS friendly_damage,
    sum(did AND type = 'player_say') AS chat_lines,
    sum(did AND type = 'player_jump') AS jumps,
    sum(did AND type = 'weapon_reload') AS reloads,
    sum(did AND type = 'grenade_throw') AS grenades,
    sum(did AND type IN ('item_pickup', 'health_pickup', 'ammo_pickup', 'armor_pickup')) AS pickups,
    sum(did AND type = 'objective_capture') AS objectives,
    sumIf(thousandths(raw_events.distance), moved) AS distance,
    sumIf(thousandths(raw_events.walked), moved) AS walked,
    sumIf(thousandths(raw_events.sprinted), moved) AS sprinted,
    sumIf(thousandths(raw_events.swam), moved) AS swam,
    sumIf(thousandths(raw_events.driven), moved) AS driven
FROM raw_events
ARRAY JOIN
    if(target_key = 0, [actor_key], [actor_key, target_key]) AS player_key,
    if(target_key = 0, [true], [true, false]) AS did
WHERE player_key != 0
GROUP BY player_key, day, server_id, map, gametype;
