-- name: list
SELECT
    type,
    sum(event_types.events) AS events,
    max(event_types.last_time) AS last_time
FROM event_types
WHERE day >= {since:Date} AND day < {until:Date}
    AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
GROUP BY type
ORDER BY events DESC, type;
