-- name: hasty
-- Tables that let go of the parts that a merge was made of as soon as it is done.
SELECT name
FROM system.tables
WHERE
    database = currentDatabase()
    AND engine LIKE '%MergeTree'
    AND create_table_query NOT LIKE '%old_parts_lifetime%'
ORDER BY name;

-- name: merged
-- Parts that a merge made and that are in use, with the size that they should have.
SELECT table, name, path, bytes_on_disk AS bytes
FROM system.parts
WHERE database = currentDatabase() AND active AND level > 0
ORDER BY table, name;

-- name: detached
-- Tables that were to be opened anew and are not open. What an admin closes for good (PERMANENTLY) stays closed.
SELECT table AS name
FROM system.detached_tables
WHERE database = currentDatabase() AND NOT is_permanently
ORDER BY table;
