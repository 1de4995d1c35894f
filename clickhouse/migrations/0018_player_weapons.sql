-- What each player did with a weapon, and suffered from it, no longer by day: a weapon's page reads every player's
-- row. Damage in thousandths, to enemies only.
-- rebuild: player_weapons

DROP VIEW IF EXISTS player_weapons_view SYNC;

DROP TABLE IF EXISTS player_weapons SYNC;

CREATE TABLE IF NOT EXISTS player_weapons
(
    player_key UInt64,
    weapon LowCardinality(String),
    kills SimpleAggregateFunction(sum, UInt64),
    deaths SimpleAggregateFunction(sum, UInt64) COMMENT 'killed by an enemy with it',
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64),
    hits SimpleAggregateFunction(sum, UInt64),
    damage SimpleAggregateFunction(sum, Int64)
)
ENGINE = AggregatingMergeTree
ORDER BY (weapon, player_key)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_weapons_view TO player_weapons AS
WITH is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS kill
SELECT
    player_key,
    weapon,
    sum(did AND kill) AS kills,
    sum(NOT did AND kill) AS deaths,
    sum(did AND kill AND at_head(hitloc)) AS kill_headshots,
    sum(if(did, shots_of(type, fired), 0)) AS shots,
    sum(if(did, hits_of(type, raw_events.hits), 0)) AS hits,
    sum(if(
        did AND type = 'player_damage' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team),
        thousandths(raw_events.damage),
        0
    )) AS damage
FROM raw_events
ARRAY JOIN
    if(type = 'player_kill', [actor_key, target_key], [actor_key]) AS player_key,
    if(type = 'player_kill', [true, false], [true]) AS did
WHERE player_key != 0 AND weapon != ''
    AND type IN ('player_kill', 'player_damage', 'weapon_fire', 'weapon_hit', 'accuracy_summary')
GROUP BY player_key, weapon;
