-- name: all
SELECT hash, stand_in, (extract(epoch FROM until) * 1000)::bigint AS until_ms FROM tombstones;
