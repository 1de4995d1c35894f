-- name: open_merge
-- What an admin merged and nobody has split since, locked for the transaction.
SELECT id, player, into_player, keys, before, merged_at, merged_by
FROM player_merges
WHERE player = %s AND split_at IS NULL
FOR UPDATE;

-- name: add_merge
INSERT INTO player_merges (player, into_player, keys, before, merged_by) VALUES (%s, %s, %s, %s, %s);

-- name: close_merge
UPDATE player_merges SET split_at = now() WHERE id = %s;

-- name: merges
-- The latest first; into one player, or of all.
SELECT id, player, into_player, keys, before, merged_at, merged_by
FROM player_merges
WHERE split_at IS NULL AND (%(into)s::text IS NULL OR into_player = %(into)s OR player = %(into)s)
ORDER BY id DESC
LIMIT %(limit)s;
