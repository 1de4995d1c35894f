-- Where and by what means each player hit others and was hit, no longer by day: a keen player's page read as many
-- rows as there were hits. Damage in thousandths, between enemies only.
-- rebuild: hit_locations

DROP VIEW IF EXISTS hit_locations_view SYNC;

DROP TABLE IF EXISTS hit_locations SYNC;

CREATE TABLE IF NOT EXISTS hit_locations
(
    player_key UInt64,
    side Enum8('given' = 1, 'taken' = 2),
    hitloc LowCardinality(String),
    mod LowCardinality(String) COMMENT 'means of death',
    hits SimpleAggregateFunction(sum, UInt64) COMMENT 'of or by an enemy',
    friendly_hits SimpleAggregateFunction(sum, UInt64) COMMENT 'of or by a team mate',
    own_hits SimpleAggregateFunction(sum, UInt64) COMMENT 'taken by one''s own hand or from the world',
    damage SimpleAggregateFunction(sum, Int64),
    kills SimpleAggregateFunction(sum, UInt64) COMMENT 'given: kills; taken: deaths by an enemy',
    deaths SimpleAggregateFunction(sum, UInt64) COMMENT 'taken: deaths of every cause'
)
ENGINE = AggregatingMergeTree
ORDER BY (player_key, side, hitloc, mod)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS hit_locations_view TO hit_locations AS
WITH
is_enemy(gametype, actor_key, actor_team, target_key, target_team) AS enemy,
type = 'player_damage' AS hit
SELECT
    player_key,
    side,
    hitloc,
    mod,
    sum(hit AND enemy) AS hits,
    sum(hit AND is_team_mate(gametype, actor_key, actor_team, target_key, target_team)) AS friendly_hits,
    sum(hit AND actor_key IN (0, target_key) AND side = 'taken') AS own_hits,
    sum(if(hit AND enemy, thousandths(raw_events.damage), 0)) AS damage,
    sum(is_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS kills,
    sum(side = 'taken' AND is_death(type, actor_key)) AS deaths
FROM raw_events
ARRAY JOIN
    [actor_key, target_key] AS player_key,
    CAST(['given', 'taken'], 'Array(Enum8(\'given\' = 1, \'taken\' = 2))') AS side
WHERE player_key != 0
    AND (type = 'player_damage' OR is_death(type, actor_key))
    AND (side = 'taken' OR actor_key != target_key)
GROUP BY player_key, side, hitloc, mod;
