-- What happened on each map on a day, by server and game type.

CREATE TABLE IF NOT EXISTS map_daily
(
    map LowCardinality(String),
    day Date,
    server_id UInt32,
    gametype LowCardinality(String),
    events SimpleAggregateFunction(sum, UInt64),
    first_time SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    kills SimpleAggregateFunction(sum, UInt64),
    kills_by_allies SimpleAggregateFunction(sum, UInt64),
    kills_by_axis SimpleAggregateFunction(sum, UInt64),
    kill_headshots SimpleAggregateFunction(sum, UInt64),
    team_kills SimpleAggregateFunction(sum, UInt64),
    suicides SimpleAggregateFunction(sum, UInt64),
    deaths SimpleAggregateFunction(sum, UInt64),
    rounds SimpleAggregateFunction(sum, UInt64) COMMENT 'rounds that ended'
)
ENGINE = AggregatingMergeTree
ORDER BY (map, day, server_id, gametype)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS map_daily_view TO map_daily AS
WITH is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AS kill
SELECT
    map,
    toDate(time) AS day,
    server_id,
    gametype,
    count() AS events,
    min(time) AS first_time,
    max(time) AS last_time,
    sum(kill) AS kills,
    sum(kill AND actor_team = 'allies') AS kills_by_allies,
    sum(kill AND actor_team = 'axis') AS kills_by_axis,
    sum(kill AND at_head(hitloc)) AS kill_headshots,
    sum(is_team_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS team_kills,
    sum(target_key != 0 AND is_suicide(type, actor_key, target_key)) AS suicides,
    sum(target_key != 0 AND is_death(type, actor_key)) AS deaths,
    sum(type = 'round_end') AS rounds
FROM raw_events
WHERE map != ''
GROUP BY map, day, server_id, gametype;
