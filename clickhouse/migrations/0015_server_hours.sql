-- What each server saw in an hour.

CREATE TABLE IF NOT EXISTS server_hours
(
    server_id UInt32,
    hour DateTime('UTC'),
    events SimpleAggregateFunction(sum, UInt64),
    kills SimpleAggregateFunction(sum, UInt64),
    chat_lines SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64) COMMENT '0: the server does not report shots',
    players SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) COMMENT 'keys, without bots',
    peak_players SimpleAggregateFunction(max, Nullable(Int32)) COMMENT 'as heartbeats say',
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (server_id, hour)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS server_hours_view TO server_hours AS
SELECT
    server_id,
    toStartOfHour(toDateTime(time, 'UTC')) AS hour,
    count() AS events,
    sum(is_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS kills,
    sum(type = 'player_say') AS chat_lines,
    sum(shots_of(type, fired)) AS shots,
    groupUniqArrayIf(actor_key, actor_key != 0 AND NOT actor_bot) AS players,
    maxOrNull(player_count) AS peak_players,
    max(time) AS last_time
FROM raw_events
GROUP BY server_id, hour;
