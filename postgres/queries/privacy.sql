-- name: unfinished
SELECT id, until, stand_in, work FROM erasures WHERE done_at IS NULL ORDER BY id;

-- name: begin
INSERT INTO erasures (until, stand_in, work) VALUES (now(), %s, %s::jsonb) RETURNING id;

-- name: bury
-- Whoever comes back and is erased again has the later tombstone.
INSERT INTO tombstones (hash, erasure_id, stand_in, until)
SELECT stone.hash, e.id, stone.stand_in, e.until
FROM unnest(%s::bytea[], %s::text[]) AS stone (hash, stand_in), erasures AS e
WHERE e.id = %s
ON CONFLICT (hash) DO UPDATE
SET erasure_id = excluded.erasure_id, stand_in = excluded.stand_in, until = excluded.until;

-- name: finish
UPDATE erasures SET work = NULL, done_at = now(), counts = %s::jsonb WHERE id = %s;

-- name: members_of
SELECT DISTINCT member_id FROM smf_user_mappings WHERE client_id = ANY(%s) AND state = 'linked';

-- name: clients_of
SELECT DISTINCT client_id FROM smf_user_mappings WHERE member_id = ANY(%s) AND state = 'linked';

-- name: known_members
SELECT member_id FROM smf_user_mappings
UNION
SELECT member_id FROM login_tokens
UNION
SELECT member_id FROM login_policies
UNION
SELECT member_id FROM trusted_ips
UNION
SELECT member_id FROM pending_ip_approvals
UNION
SELECT member_id FROM login_token_history WHERE member_id IS NOT NULL;

-- name: ask
INSERT INTO erasures_asked (member_id, asked_by) VALUES (%s, %s::jsonb) ON CONFLICT DO NOTHING;

-- name: asked_at
SELECT asked_at FROM erasures_asked WHERE member_id = %s;

-- name: asked
SELECT member_id, asked_by FROM erasures_asked ORDER BY asked_at;

-- name: count
SELECT
    (
        SELECT count(*) FROM login_token_history
        WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
    ) AS login_token_history,
    (SELECT count(*) FROM login_tokens WHERE member_id = ANY(%(members)s)) AS login_tokens,
    (SELECT count(*) FROM login_policies WHERE member_id = ANY(%(members)s)) AS login_policies,
    (SELECT count(*) FROM trusted_ips WHERE member_id = ANY(%(members)s)) AS trusted_ips,
    (
        SELECT count(*) FROM pending_ip_approvals
        WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
    ) AS pending_ip_approvals,
    (
        SELECT count(*) FROM smf_user_mappings
        WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
    ) AS smf_user_mappings,
    (SELECT count(*) FROM changed_links WHERE client_id = ANY(%(clients)s)) AS changed_links,
    (
        SELECT count(*) FROM player_merges
        WHERE player = ANY(%(ids)s) OR into_player = ANY(%(ids)s) OR keys && %(keys)s::text [] OR before && %(keys)s::text []
    ) AS player_merges,
    (SELECT count(*) FROM admin_marks WHERE player = ANY(%(ids)s) OR keys && %(keys)s::text []) AS admin_marks;

-- name: erase_login_token_history
DELETE FROM login_token_history WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s);

-- name: erase_login_tokens
DELETE FROM login_tokens WHERE member_id = ANY(%(members)s);

-- name: erase_login_policies
DELETE FROM login_policies WHERE member_id = ANY(%(members)s);

-- name: erase_trusted_ips
DELETE FROM trusted_ips WHERE member_id = ANY(%(members)s);

-- name: erase_pending_ip_approvals
DELETE FROM pending_ip_approvals WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s);

-- name: erase_smf_user_mappings
DELETE FROM smf_user_mappings WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s);

-- name: erase_forum_changes
DELETE FROM forum_changes WHERE kind = 'link' AND subject = ANY(%(clients)s);

-- name: tell_forum
-- The forum's database holds the members' links, codes and achievements; the number of a member waits here until they
-- are gone from there.
INSERT INTO forum_changes (kind, subject) SELECT 'erased' AS kind, member::text AS subject
FROM unnest(%(members)s::bigint []) AS member
ON CONFLICT (kind, subject) DO UPDATE SET changes = forum_changes.changes + 1;

-- name: erase_changed_links
DELETE FROM changed_links WHERE client_id = ANY(%(clients)s);

-- name: erase_player_merges
DELETE FROM player_merges
WHERE player = ANY(%(ids)s) OR into_player = ANY(%(ids)s) OR keys && %(keys)s::text [] OR before && %(keys)s::text [];

-- name: erase_admin_marks
-- What holds goes on holding, for the stand-ins, and without a word about why.
WITH undone AS (
    DELETE FROM admin_marks
    WHERE undone_at IS NOT NULL AND (player = ANY(%(ids)s) OR keys && %(keys)s::text [])
)

UPDATE admin_marks SET
    player = %(stand_in)s,
    keys = ARRAY(
        SELECT coalesce(moved.stand_in, own.key)
        FROM unnest(keys) AS own (key)
        LEFT JOIN unnest(%(keys)s::text [], %(stand_in_keys)s::text []) AS moved (key, stand_in) ON moved.key = own.key
    ),
    reason = ''
WHERE undone_at IS NULL AND (player = ANY(%(ids)s) OR keys && %(keys)s::text []);

-- name: erase_changed_marks
DELETE FROM changed_marks WHERE player_key = ANY(%(keys)s);

-- name: erase_erasures_asked
DELETE FROM erasures_asked WHERE member_id = ANY(%(members)s);

-- name: marks
SELECT kind, player, reason, made_at, undone_at
FROM admin_marks
WHERE player = ANY(%(ids)s) OR keys && %(keys)s::text []
ORDER BY id;

-- name: set_aside
-- Accepted events outside of any block, which wait for an admin.
SELECT id, payload FROM ingest_inbox WHERE set_aside_at IS NOT NULL FOR UPDATE;

-- name: replace_set_aside
UPDATE ingest_inbox SET payload = %s, set_aside_reason = '' WHERE id = %s;

-- name: erase_quarantine
DELETE FROM quarantine WHERE id = ANY(%s);

-- name: audited
-- Entries that are about a member, or in which one of these texts stands as a value.
SELECT id, at, actor, name, address, action, subject, before, after
FROM audit_log
WHERE subject = ANY(%(subjects)s)
    OR jsonb_path_exists(coalesce(before, '{}'), '$.** ? (@ == $texts[*])', %(texts)s::jsonb)
    OR jsonb_path_exists(coalesce(after, '{}'), '$.** ? (@ == $texts[*])', %(texts)s::jsonb)
ORDER BY id;

-- name: blacken
UPDATE audit_log SET
    before = CASE WHEN before IS NULL THEN NULL ELSE '{"erased": true}'::jsonb END,
    after = CASE WHEN after IS NULL THEN NULL ELSE '{"erased": true}'::jsonb END,
    subject = CASE WHEN subject = ANY(%s) THEN 'erased' ELSE subject END
WHERE id = ANY(%s);

-- name: links
SELECT client_id, member_id, member_name, state, claimed_at, last_login_at, session_until
FROM smf_user_mappings
WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
ORDER BY claimed_at;

-- name: logins
SELECT
    at, kind, outcome, reason, server_id, client_id, name, member_id, address_tag(network_hash) AS address_tag
FROM login_token_history
WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
ORDER BY id;

-- name: addresses
SELECT
    network_sealed, label, trusted_by, created_at, first_used_at, last_used_at, expires_at, revoked_at,
    address_tag(network_hash) AS address_tag
FROM trusted_ips
WHERE member_id = ANY(%s)
ORDER BY id;

-- name: approvals
SELECT
    network_sealed, client_id, name, server_id, reason, created_at, expires_at, decided_at, decision,
    address_tag(network_hash) AS address_tag
FROM pending_ip_approvals
WHERE client_id = ANY(%(clients)s) OR member_id = ANY(%(members)s)
ORDER BY id;

-- name: quarantine
SELECT id, server_id, code, reason, original, first_seen_at, last_seen_at, times
FROM quarantine
WHERE id < %s
ORDER BY id DESC
LIMIT 500;
