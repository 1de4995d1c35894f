-- name: nouns
-- Every table that a view fills, with the query that fills it and the table that this reads. The log itself is none.
SELECT
    replaceRegexpOne(t.name, '_view$', '') AS name,
    t.as_select AS definition,
    s.name AS source
FROM system.tables AS t
INNER JOIN (
    SELECT name, arrayJoin(dependencies_table) AS view FROM system.tables WHERE database = currentDatabase()
) AS s ON s.view = t.name
WHERE
    t.database = currentDatabase()
    AND t.engine = 'MaterializedView'
    AND t.name != 'raw_events_view'
ORDER BY source != 'raw_events', t.name;

-- name: tables
SELECT name FROM system.tables WHERE database = currentDatabase();

-- name: days
SELECT
    toString(toDate(received_at)) AS day,
    count() AS events
FROM raw_events
GROUP BY day
ORDER BY day;

-- name: logged
SELECT count() AS events FROM raw_events;
