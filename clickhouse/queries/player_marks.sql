-- name: write
INSERT INTO player_marks
SELECT
    mark.1 AS player_key,
    mark.2 AS bot,
    mark.3 AS flagged,
    mark.4 AS reason,
    fromUnixTimestamp64Milli(mark.5, 'UTC') AS flagged_at,
    now64(3) AS updated_at
FROM (
    SELECT arrayJoin(arrayZip(
        {keys:Array(UInt64)}, {bots:Array(Int8)}, {flagged:Array(Bool)}, {reasons:Array(String)}, {at:Array(Int64)}
    )) AS mark
);

-- name: flag
-- Why a player stands on no board; no row: the player does.
SELECT
    argMax(player_marks.reason, player_marks.flagged_at) AS reason,
    max(player_marks.flagged_at) AS since
FROM player_marks FINAL
WHERE flagged AND player_key IN {keys:Array(UInt64)}
HAVING count() > 0;
