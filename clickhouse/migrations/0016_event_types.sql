-- How many events of each type arrived: unknown types show up here.

CREATE TABLE IF NOT EXISTS event_types
(
    type LowCardinality(String),
    day Date,
    server_id UInt32,
    events SimpleAggregateFunction(sum, UInt64),
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (type, day, server_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS event_types_view TO event_types AS
SELECT
    type,
    toDate(time) AS day,
    server_id,
    count() AS events,
    max(time) AS last_time
FROM raw_events
GROUP BY type, day, server_id;
