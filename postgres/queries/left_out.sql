-- name: open
-- The word by which a match is left out, if it is.
SELECT id, match, server_id, match_id, reason, made_at, made_by, true AS out, done
FROM left_out_matches
WHERE match = %s AND undone_at IS NULL;

-- name: add
INSERT INTO left_out_matches (match, server_id, match_id, reason, made_by)
VALUES (%(match)s, %(server_id)s, %(match_id)s, %(reason)s, %(by)s)
ON CONFLICT DO NOTHING;

-- name: undo
UPDATE left_out_matches SET undone_at = now(), undone_by = %s, done = false WHERE id = %s AND undone_at IS NULL;

-- name: all
SELECT id, match, server_id, match_id, reason, made_at, made_by, true AS out, done
FROM left_out_matches
WHERE undone_at IS NULL
ORDER BY id DESC;

-- name: waiting
-- Words that are not carried out yet, and whether their match is to be out.
SELECT
    w.id, w.match, w.server_id, w.match_id, w.reason, w.made_at, w.made_by, w.done,
    EXISTS (SELECT 1 FROM left_out_matches AS o WHERE o.match = w.match AND o.undone_at IS NULL) AS out
FROM left_out_matches AS w
WHERE NOT w.done
ORDER BY w.id;

-- name: again
-- More of these matches has arrived.
UPDATE left_out_matches SET done = false WHERE match = ANY(%s) AND undone_at IS NULL AND done;

-- name: carried_out
UPDATE left_out_matches AS w SET done = true
WHERE
    w.id = %(id)s
    AND %(out)s = EXISTS (SELECT 1 FROM left_out_matches AS o WHERE o.match = w.match AND o.undone_at IS NULL);

-- name: reasons
SELECT id, reason FROM left_out_matches WHERE reason != '';

-- name: blank
UPDATE left_out_matches SET reason = '' WHERE id = ANY(%s);
