-- name: version
SELECT last_value + is_called::int AS version FROM page_version;
