-- What each player did and suffered in all: player_daily added up, for lists and boards of everybody and of all times.
-- Amounts in thousandths.
-- rebuild: player_totals

CREATE TABLE IF NOT EXISTS player_totals
(
    player_key UInt64,
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
    driven SimpleAggregateFunction(sum, Int64),
    day Date ALIAS toDate(0) COMMENT 'this and the next three: what is not told apart, so that a board can ask either table',
    server_id UInt32 ALIAS 0,
    map String ALIAS '',
    gametype String ALIAS ''
)
ENGINE = AggregatingMergeTree
ORDER BY player_key
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_totals_view TO player_totals AS
SELECT
    player_key,
    sum(player_daily.events) AS events,
    min(player_daily.first_seen) AS first_seen,
    max(player_daily.last_seen) AS last_seen,
    sum(player_daily.kills) AS kills,
    sum(player_daily.deaths) AS deaths,
    sum(player_daily.suicides) AS suicides,
    sum(player_daily.team_kills) AS team_kills,
    sum(player_daily.kill_headshots) AS kill_headshots,
    sum(player_daily.bash_kills) AS bash_kills,
    sum(player_daily.grenade_kills) AS grenade_kills,
    sum(player_daily.shots) AS shots,
    sum(player_daily.hits) AS hits,
    sum(player_daily.hit_headshots) AS hit_headshots,
    sum(player_daily.damage_dealt) AS damage_dealt,
    sum(player_daily.damage_taken) AS damage_taken,
    sum(player_daily.friendly_damage) AS friendly_damage,
    sum(player_daily.chat_lines) AS chat_lines,
    sum(player_daily.jumps) AS jumps,
    sum(player_daily.reloads) AS reloads,
    sum(player_daily.grenades) AS grenades,
    sum(player_daily.pickups) AS pickups,
    sum(player_daily.objectives) AS objectives,
    sum(player_daily.distance) AS distance,
    sum(player_daily.walked) AS walked,
    sum(player_daily.sprinted) AS sprinted,
    sum(player_daily.swam) AS swam,
    sum(player_daily.driven) AS driven
FROM player_daily
GROUP BY player_key;
