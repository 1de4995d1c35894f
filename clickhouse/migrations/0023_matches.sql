-- Matches, by the sessions that reported them: a tracker that starts anew in mid-match opens another. In small granules:
-- a page of matches is read from all over the table.
-- rebuild: matches

DROP VIEW IF EXISTS matches_view SYNC;

DROP TABLE IF EXISTS matches SYNC;

CREATE TABLE IF NOT EXISTS matches
(
    match_key UInt64,
    session_id String,
    server_id SimpleAggregateFunction(max, UInt32),
    match_id SimpleAggregateFunction(max, String),
    map SimpleAggregateFunction(max, String),
    gametype SimpleAggregateFunction(max, String),
    first_time SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'of the last event',
    started_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'as reported',
    ended_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'as reported',
    score SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Int64, Int32, Int32))
        COMMENT 'the last one: time, seq, allies, axis',
    winner SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Int64, String))
        COMMENT 'the last one: time, seq, team',
    first_seq SimpleAggregateFunction(min, Nullable(Int64)) COMMENT 'NULL: the sender does not number',
    last_seq SimpleAggregateFunction(max, Nullable(Int64)),
    events SimpleAggregateFunction(sum, UInt64),
    kills SimpleAggregateFunction(sum, UInt64),
    rounds SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (match_key, session_id)
SETTINGS
    index_granularity = 256,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS matches_view TO matches AS
WITH type IN ('match_end', 'intermission_start', 'match_outcome') AS is_end
SELECT
    match_key,
    session_id,
    max(raw_events.server_id) AS server_id,
    max(raw_events.match_id) AS match_id,
    max(toString(raw_events.map)) AS map,
    max(toString(raw_events.gametype)) AS gametype,
    min(time) AS first_time,
    max(time) AS last_time,
    max(raw_events.received_at) AS received_at,
    minOrNullIf(time, type = 'match_start') AS started_at,
    maxOrNullIf(time, is_end) AS ended_at,
    maxIf(
        (time, seq, ifNull(allies_score, 0), ifNull(axis_score, 0)),
        allies_score IS NOT NULL OR axis_score IS NOT NULL
    ) AS score,
    maxIf((time, seq, toString(canonical_team(winning_team))), is_end AND winning_team != '') AS winner,
    minOrNullIf(seq, seq >= 0) AS first_seq,
    maxOrNullIf(seq, seq >= 0) AS last_seq,
    count() AS events,
    sum(is_kill(type, raw_events.gametype, actor_key, actor_team, target_key, target_team)) AS kills,
    sum(type = 'round_end') AS rounds
FROM raw_events
WHERE match_key != 0
GROUP BY match_key, session_id;
