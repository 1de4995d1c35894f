-- What was done with each weapon on each map in all: weapon_daily added up. Damage in thousandths, to enemies only.
-- rebuild: weapon_totals

CREATE TABLE IF NOT EXISTS weapon_totals
(
    weapon LowCardinality(String),
    map LowCardinality(String),
    kills SimpleAggregateFunction(sum, UInt64),
    team_kills SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64),
    hits SimpleAggregateFunction(sum, UInt64),
    damage SimpleAggregateFunction(sum, Int64),
    reloads SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (weapon, map)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS weapon_totals_view TO weapon_totals AS
SELECT
    weapon,
    map,
    sum(weapon_daily.kills) AS kills,
    sum(weapon_daily.team_kills) AS team_kills,
    sum(weapon_daily.kill_headshots) AS kill_headshots,
    sum(weapon_daily.shots) AS shots,
    sum(weapon_daily.hits) AS hits,
    sum(weapon_daily.damage) AS damage,
    sum(weapon_daily.reloads) AS reloads
FROM weapon_daily
GROUP BY weapon, map;
