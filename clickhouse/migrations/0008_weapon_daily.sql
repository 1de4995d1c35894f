-- What was done with each weapon on a day, by server, map and game type. Damage in thousandths, to enemies only.

CREATE TABLE IF NOT EXISTS weapon_daily
(
    weapon LowCardinality(String),
    day Date,
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    kills SimpleAggregateFunction(sum, UInt64),
    team_kills SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64),
    hits SimpleAggregateFunction(sum, UInt64),
    damage SimpleAggregateFunction(sum, Int64),
    reloads SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (weapon, day, server_id, map, gametype)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS weapon_daily_view TO weapon_daily AS
WITH is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS kill
SELECT
    weapon,
    toDate(time) AS day,
    server_id,
    map,
    gametype,
    sum(kill) AS kills,
    sum(is_team_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS team_kills,
    sum(kill AND at_head(hitloc)) AS kill_headshots,
    sum(shots_of(type, fired)) AS shots,
    sum(hits_of(type, raw_events.hits)) AS hits,
    sum(if(
        type = 'player_damage' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team),
        thousandths(raw_events.damage),
        0
    )) AS damage,
    sum(type = 'weapon_reload') AS reloads
FROM raw_events
WHERE weapon != ''
    AND type IN ('player_kill', 'player_damage', 'weapon_fire', 'weapon_hit', 'accuracy_summary', 'weapon_reload')
GROUP BY weapon, day, server_id, map, gametype;
