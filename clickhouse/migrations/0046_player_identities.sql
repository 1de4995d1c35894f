-- Who somebody is, is asked for a page's players, one here and one there: of thousands of names read with each, hundreds
-- are left.
-- rebuild: player_identities

DROP VIEW IF EXISTS player_names_view SYNC;

DROP VIEW IF EXISTS player_identities_view SYNC;

DROP TABLE IF EXISTS player_identities SYNC;

CREATE TABLE IF NOT EXISTS player_identities
(
    player_key UInt64,
    name String COMMENT 'as sent',
    shown SimpleAggregateFunction(max, String) COMMENT 'the name without colour codes',
    guid SimpleAggregateFunction(max, String) COMMENT 'the client id; empty: known by name only',
    bot SimpleAggregateFunction(max, Bool),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (player_key, name)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- bot_* events are about the bot even where they do not flag it; bot_killed names it as the victim.
CREATE MATERIALIZED VIEW IF NOT EXISTS player_identities_view TO player_identities AS
SELECT
    part.1 AS player_key,
    part.2 AS name,
    display_name(name) AS shown,
    max(if(startsWith(part.3, 'unauth'), '', part.3)) AS guid,
    max(part.4) AS bot,
    min(time) AS first_seen,
    max(time) AS last_seen,
    count() AS events
FROM raw_events
ARRAY JOIN if(
    target_key = 0,
    [(actor_key, actor_name, actor_guid, actor_bot OR startsWith(type, 'bot_'))],
    [
        (actor_key, actor_name, actor_guid, actor_bot OR (startsWith(type, 'bot_') AND type != 'bot_killed')),
        (target_key, target_name, target_guid, target_bot OR type = 'bot_killed')
    ]
) AS part
WHERE player_key != 0
GROUP BY player_key, name;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_names_view TO player_names AS
SELECT
    player_key,
    name,
    max(player_identities.shown) AS shown,
    sum(player_identities.events) AS events
FROM player_identities
GROUP BY player_key, name;
