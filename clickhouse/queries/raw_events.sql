-- name: present
-- Which events of some runs the log has, by what tells two apart that look the same: when they came, and their bytes.
SELECT
    server_id,
    session_id,
    toUnixTimestamp64Milli(received_at) AS received_ms,
    lower(hex(MD5(raw))) AS digest
FROM raw_events
WHERE received_at >= fromUnixTimestamp64Milli({first:Int64}) AND received_at <= fromUnixTimestamp64Milli({last:Int64})
    AND server_id IN {servers:Array(UInt32)}
    AND session_id IN {sessions:Array(String)};
