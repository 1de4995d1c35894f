-- name: nouns
-- Every table that a view fills from the log, with the query that fills it. The log itself is none of them.
SELECT replaceRegexpOne(t.name, '_view$', '') AS name, t.as_select AS definition
FROM system.tables AS t
WHERE
    t.database = currentDatabase()
    AND t.engine = 'MaterializedView'
    AND t.name != 'raw_events_view'
ORDER BY t.name;

-- name: days
SELECT
    toString(toDate(received_at)) AS day,
    count() AS events
FROM raw_events
GROUP BY day
ORDER BY day;

-- name: logged
SELECT count() AS events FROM raw_events;
