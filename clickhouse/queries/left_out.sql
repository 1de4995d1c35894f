-- name: match
SELECT
    max(matches.server_id) AS server_id,
    max(matches.match_id) AS match_id
FROM matches
WHERE match_key = {match:UInt64}
GROUP BY match_key;

-- name: late
-- Those of some matches of which there is anything, and nothing has arrived for a while.
SELECT public_id(match_key) AS match
FROM matches
WHERE match_key IN {matches:Array(UInt64)}
GROUP BY match_key
HAVING max(matches.received_at) <= now64(3) - INTERVAL {quiet:UInt32} SECOND;

-- name: months
-- The months of a table that have events of a match.
SELECT
    _partition_id AS partition,
    count() AS events
FROM {source:Identifier}
WHERE server_id = {server:UInt32} AND match_id = {match:String}
GROUP BY partition
ORDER BY partition;

-- name: unmoved
-- Events of a match in a month of one table that another does not have yet: a crash may have left them in both. What
-- arrived at one moment in one session went into the tables together, so these columns tell what was moved.
SELECT
    count() AS events,
    sum(sipHash64(server_id, session_id, seq, received_at, time, type, match_key, actor_key, target_key, raw)) AS checksum
FROM {source:Identifier}
WHERE _partition_id = {partition:String}
    AND server_id = {server:UInt32} AND match_id = {match:String}
    AND (session_id, seq, received_at, raw) NOT IN (
        SELECT session_id, seq, received_at, raw
        FROM {target:Identifier}
        WHERE _partition_id = {partition:String} AND server_id = {server:UInt32} AND match_id = {match:String}
    );

-- name: with_it
-- A month of one table, and with it the events of a match that another has and this one has not.
SELECT *
FROM {target:Identifier}
WHERE _partition_id = {partition:String}
UNION ALL
SELECT *
FROM {source:Identifier}
WHERE _partition_id = {partition:String}
    AND server_id = {server:UInt32} AND match_id = {match:String}
    AND (session_id, seq, received_at, raw) NOT IN (
        SELECT session_id, seq, received_at, raw
        FROM {target:Identifier}
        WHERE _partition_id = {partition:String} AND server_id = {server:UInt32} AND match_id = {match:String}
    )
SETTINGS insert_deduplicate = 0, max_insert_threads = 1;

-- name: without_it
-- A month of a table without the events of a match.
SELECT *
FROM {source:Identifier}
WHERE _partition_id = {partition:String} AND NOT (server_id = {server:UInt32} AND match_id = {match:String})
SETTINGS insert_deduplicate = 0, max_insert_threads = 1;

-- name: weighed
-- What a month of a table holds, with the events of a match or but for them.
SELECT
    count() AS events,
    sum(sipHash64(server_id, session_id, seq, received_at, time, type, match_key, actor_key, target_key, raw)) AS checksum
FROM {table:Identifier}
WHERE _partition_id = {partition:String}
    AND ({with_it:Bool} OR NOT (server_id = {server:UInt32} AND match_id = {match:String}));

-- name: changing
-- What ClickHouse still writes anew in the background of the two tables; a part put in place meanwhile escapes it.
SELECT count() AS events
FROM system.mutations
WHERE database = currentDatabase() AND table IN ('raw_events', 'raw_events_left_out') AND NOT is_done;

-- name: leftovers
-- Tables that a move which was killed left behind.
SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '__moved');
