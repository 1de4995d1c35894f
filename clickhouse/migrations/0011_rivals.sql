-- Who killed whom: each kill stands once with the killer, once with the victim.

CREATE TABLE IF NOT EXISTS rivals
(
    player_key UInt64,
    opponent_key UInt64,
    kills SimpleAggregateFunction(sum, UInt64) COMMENT 'of the opponent by the player',
    deaths SimpleAggregateFunction(sum, UInt64) COMMENT 'of the player by the opponent',
    kill_headshots SimpleAggregateFunction(sum, UInt64) COMMENT 'among the kills',
    last_time SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (player_key, opponent_key)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS rivals_view TO rivals AS
SELECT
    player_key,
    opponent_key,
    sum(killed) AS kills,
    sum(NOT killed) AS deaths,
    sum(killed AND at_head(hitloc)) AS kill_headshots,
    max(time) AS last_time
FROM raw_events
ARRAY JOIN
    [actor_key, target_key] AS player_key,
    [target_key, actor_key] AS opponent_key,
    [true, false] AS killed
WHERE is_kill(type, gametype, actor_key, actor_team, target_key, target_team) AND target_key != 0
GROUP BY player_key, opponent_key;
