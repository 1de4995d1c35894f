-- What each server saw on a day: server_hours added up, to tell the days on which nobody counted shots.
-- rebuild: server_days

CREATE TABLE IF NOT EXISTS server_days
(
    day Date,
    server_id UInt32,
    events SimpleAggregateFunction(sum, UInt64),
    shots SimpleAggregateFunction(sum, UInt64) COMMENT '0: the server does not report shots',
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (day, server_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS server_days_view TO server_days AS
SELECT
    toDate(hour) AS day,
    server_id,
    sum(server_hours.events) AS events,
    sum(server_hours.shots) AS shots,
    max(server_hours.last_time) AS last_time
FROM server_hours
GROUP BY day, server_id;
