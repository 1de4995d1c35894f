-- name: nouns
-- Every table that a view fills from the log, with the query that fills it.
SELECT replaceRegexpOne(name, '_view$', '') AS name, as_select AS definition
FROM system.tables
WHERE
    database = currentDatabase()
    AND engine = 'MaterializedView'
    AND has(dependencies_table, '') = 0
    AND name != 'raw_events_view'
ORDER BY name;

-- name: days
SELECT DISTINCT toString(toDate(received_at)) AS day
FROM raw_events
ORDER BY day;
