-- name: lock
-- What concerns one member, client or network is decided by one transaction at a time.
SELECT pg_advisory_xact_lock(hashtextextended(%s, 0));

-- name: forget_tokens
DELETE FROM login_tokens WHERE expires_at <= %s::timestamptz - make_interval(hours => 1);

-- name: issued
-- How many codes a member was given lately, and for how long the oldest of them counts.
SELECT count(*) AS codes, extract(epoch FROM min(created_at) - %(since)s)::float8 AS seconds_left
FROM login_tokens
WHERE member_id = %(member)s AND created_at > %(since)s;

-- name: end_oldest_tokens
-- All codes of a member that are alive, but for the newest ones. What was ended leaves its place to other codes.
UPDATE login_tokens SET revoked_at = %(now)s, lookup = 'ended ' || id, hash = ''
WHERE id IN (
    SELECT id FROM login_tokens
    WHERE member_id = %(member)s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
    ORDER BY id DESC
    OFFSET %(keep)s
);

-- name: add_token
INSERT INTO login_tokens (lookup, hash, member_id, member_name, created_at, expires_at)
VALUES (%(lookup)s, %(hash)s, %(member)s, %(name)s, %(now)s, %(expires)s)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: token
SELECT id, hash, member_id, member_name, expires_at, used_at, used_hash, revoked_at
FROM login_tokens
WHERE lookup = %s;

-- name: use_token
UPDATE login_tokens SET used_at = %(now)s, used_hash = %(network)s
WHERE id = %(id)s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
RETURNING id;

-- name: wrong_tries
-- When the latest tries that count were made, by network and by client, here and at other servers. One that began
-- over a minute ago and never ended was cut off: nobody was told anything.
SELECT 'network' AS of, at, server_id = %(server)s AS here FROM login_token_history
WHERE guess AND network_hash = %(network)s AND at > %(since)s AND (outcome <> 'started' OR at > %(begun)s)
UNION ALL
SELECT 'client' AS of, at, server_id = %(server)s AS here FROM login_token_history
WHERE guess AND client_id = %(client)s AND at > %(since)s AND (outcome <> 'started' OR at > %(begun)s);

-- name: wrong_tries_of_server
SELECT count(*) AS tries FROM login_token_history
WHERE guess AND server_id = %(server)s AND at > %(since)s AND (outcome <> 'started' OR at > %(begun)s);

-- name: begin_try
INSERT INTO login_token_history (
    at, kind, outcome, reason, guess, server_id, client_id, name, network_hash, member_id
)
VALUES (
    %(now)s, %(kind)s, %(outcome)s, %(reason)s, %(guess)s, %(server)s, %(client)s, %(name)s, %(network)s, %(member)s
)
RETURNING id;

-- name: end_try
UPDATE login_token_history
SET outcome = %(outcome)s, reason = %(reason)s, guess = %(guess)s, token_id = %(token)s, member_id = %(member)s
WHERE id = %(id)s;

-- name: history
SELECT
    h.id, h.at, h.kind, h.outcome, h.reason, h.server_id, s.name AS server, h.client_id, h.name, h.member_id,
    address_tag(h.network_hash) AS address_tag
FROM login_token_history AS h
INNER JOIN servers AS s ON s.id = h.server_id
WHERE (%(before)s::bigint IS NULL OR h.id < %(before)s) AND (%(member)s::bigint IS NULL OR h.member_id = %(member)s)
ORDER BY h.id DESC
LIMIT %(limit)s;

-- name: forget_history
DELETE FROM login_token_history WHERE at < %s;

-- name: trusted
-- Whether a member is trusted at one of some networks, the first of them that is, and whether a person has said no
-- to one.
SELECT
    (
        SELECT t.id FROM trusted_ips AS t
        WHERE t.member_id = %(member)s AND t.network_hash = ANY(%(networks)s::bytea [])
            AND t.revoked_at IS NULL AND t.expires_at > %(now)s
        ORDER BY array_position(%(networks)s::bytea [], t.network_hash)
        LIMIT 1
    ) AS id,
    EXISTS (
        SELECT 1 FROM trusted_ips AS t
        WHERE t.member_id = %(member)s AND t.network_hash = ANY(%(networks)s::bytea []) AND t.revoked_at IS NOT NULL
    ) OR EXISTS (
        SELECT 1 FROM pending_ip_approvals AS p
        WHERE p.member_id = %(member)s AND p.network_hash = ANY(%(networks)s::bytea []) AND p.decision = 'denied'
    ) AS refused,
    COALESCE((SELECT policy FROM login_policies WHERE member_id = %(member)s), 'first_use') AS policy;

-- name: trust
INSERT INTO trusted_ips (member_id, network_hash, network_sealed, label, trusted_by, created_at, expires_at)
VALUES (%(member)s, %(network)s, %(sealed)s, %(label)s, %(by)s, %(now)s, %(expires)s)
ON CONFLICT (member_id, network_hash) WHERE revoked_at IS NULL DO UPDATE
SET label = excluded.label, trusted_by = excluded.trusted_by, expires_at = excluded.expires_at
RETURNING id;

-- name: touch
UPDATE trusted_ips SET first_used_at = COALESCE(first_used_at, %(now)s), last_used_at = %(now)s WHERE id = %(id)s;

-- name: trusted_of_member
SELECT
    id, network_sealed, label, trusted_by, created_at, first_used_at, last_used_at, expires_at, revoked_at,
    address_tag(network_hash) AS address_tag
FROM trusted_ips
WHERE member_id = %s
ORDER BY id;

-- name: revoke_trusted
UPDATE trusted_ips SET revoked_at = COALESCE(revoked_at, %(now)s)
WHERE id = %(id)s AND member_id = %(member)s
RETURNING network_hash, network_sealed;

-- name: ask_approval
-- So many for each server, and once more for those who had a code: no server, and nobody who knows no more than a
-- client id, can take the place of others. One that is open already stays as it is; one that nobody decided in time
-- is asked anew.
INSERT INTO pending_ip_approvals (
    member_id, network_hash, network_sealed, client_id, name, server_id, reason, created_at, expires_at
)
SELECT
    %(member)s AS member_id,
    %(network)s AS network_hash,
    %(sealed)s AS network_sealed,
    %(client)s AS client_id,
    %(name)s AS name,
    %(server)s AS server_id,
    %(reason)s AS reason,
    %(now)s AS created_at,
    %(expires)s AS expires_at
WHERE (
    SELECT count(*) FROM pending_ip_approvals
    WHERE member_id = %(member)s AND server_id = %(server)s AND (reason = 'resume') = (%(reason)s = 'resume')
        AND decided_at IS NULL AND expires_at > %(now)s
) < %(most)s
ON CONFLICT (member_id, network_hash, client_id) WHERE decided_at IS NULL DO UPDATE
SET
    name = excluded.name,
    server_id = excluded.server_id,
    reason = excluded.reason,
    created_at = excluded.created_at,
    expires_at = excluded.expires_at
WHERE pending_ip_approvals.expires_at <= %(now)s;

-- name: open_approvals
SELECT
    p.id, p.member_id, p.network_sealed, p.client_id, p.name, p.server_id, s.name AS server, p.reason, p.created_at,
    p.expires_at, address_tag(p.network_hash) AS address_tag
FROM pending_ip_approvals AS p
INNER JOIN servers AS s ON s.id = p.server_id
WHERE p.decided_at IS NULL AND p.expires_at > %(now)s
    AND (%(member)s::bigint IS NULL OR p.member_id = %(member)s)
ORDER BY p.id
LIMIT 500;

-- name: decide
UPDATE pending_ip_approvals SET decided_at = %(now)s, decision = %(decision)s, decided_by = %(by)s
WHERE id = %(id)s AND member_id = %(member)s AND decided_at IS NULL AND expires_at > %(now)s
RETURNING network_hash, network_sealed;

-- name: decide_all_at
-- What else is open for the same network is settled by the same decision.
UPDATE pending_ip_approvals SET decided_at = %(now)s, decision = %(decision)s, decided_by = %(by)s
WHERE member_id = %(member)s AND network_hash = %(network)s AND decided_at IS NULL;

-- name: forget_approvals
-- What a person refused is kept for longer.
DELETE FROM pending_ip_approvals WHERE expires_at < %s AND decision IS DISTINCT FROM 'denied';

-- name: set_policy
INSERT INTO login_policies (member_id, policy) VALUES (%s, %s)
ON CONFLICT (member_id) DO UPDATE SET policy = excluded.policy;

-- name: revoke_tokens
UPDATE login_tokens SET revoked_at = %(now)s, lookup = 'ended ' || id, hash = ''
WHERE member_id = %(member)s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s;

-- name: session
SELECT member_id, member_name, state, session_until FROM smf_user_mappings WHERE client_id = %s AND session_until > %s;

-- name: claims
SELECT member_id, state FROM smf_user_mappings WHERE client_id = %s;

-- name: linked_ids
SELECT count(*) AS ids FROM smf_user_mappings WHERE member_id = %s AND state = 'linked';

-- name: linked_members
SELECT DISTINCT member_id FROM smf_user_mappings WHERE state = 'linked';

-- name: end_other_sessions
UPDATE smf_user_mappings SET session_until = NULL
WHERE client_id = %s AND member_id <> %s AND session_until IS NOT NULL;

-- name: claim
INSERT INTO smf_user_mappings (client_id, member_id, member_name, state, claimed_at, last_login_at, session_until)
VALUES (%(client)s, %(member)s, %(name)s, %(state)s, %(now)s, %(now)s, %(until)s)
ON CONFLICT (client_id, member_id) DO UPDATE
SET
    member_name = excluded.member_name,
    state = excluded.state,
    last_login_at = excluded.last_login_at,
    session_until = excluded.session_until;

-- name: resumed
UPDATE smf_user_mappings SET last_login_at = %s WHERE client_id = %s AND member_id = %s;

-- name: end_session
UPDATE smf_user_mappings SET session_until = NULL
WHERE client_id = %s AND session_until IS NOT NULL
RETURNING member_id;

-- name: end_sessions_of_member
UPDATE smf_user_mappings SET session_until = NULL
WHERE member_id = %(member)s AND session_until IS NOT NULL
    AND (%(client)s::text IS NULL OR client_id = %(client)s);

-- name: set_state
UPDATE smf_user_mappings SET state = %(state)s
WHERE client_id = %(client)s AND member_id = %(member)s
RETURNING member_id;

-- name: refuse_others
UPDATE smf_user_mappings SET state = CASE state WHEN 'linked' THEN 'unlinked' ELSE 'refused' END
WHERE client_id = %s AND member_id <> %s AND state IN ('linked', 'conflict');

-- name: clients_of_member
SELECT client_id, member_id, member_name, state, claimed_at, last_login_at, session_until
FROM smf_user_mappings
WHERE member_id = %s
ORDER BY last_login_at DESC, client_id
LIMIT 1000;

-- name: conflicts
-- Clients claimed by members other than the one whose they are.
SELECT
    c.client_id, c.member_id, c.member_name, c.claimed_at, c.last_login_at, c.state,
    l.member_id AS linked_member_id, l.member_name AS linked_member_name
FROM smf_user_mappings AS c
LEFT JOIN smf_user_mappings AS l ON l.client_id = c.client_id AND l.state = 'linked'
WHERE c.state IN ('conflict', 'over_limit')
ORDER BY c.claimed_at DESC, c.client_id
LIMIT 500;

-- name: note_change
INSERT INTO changed_links (client_id) VALUES (%s)
ON CONFLICT (client_id) DO UPDATE SET changes = changed_links.changes + 1;

-- name: changed
SELECT c.client_id, c.changes, m.member_id
FROM changed_links AS c
LEFT JOIN smf_user_mappings AS m ON m.client_id = c.client_id AND m.state = 'linked'
ORDER BY c.client_id
LIMIT 1000;

-- name: written
DELETE FROM changed_links WHERE client_id = %s AND changes = %s;

-- name: all_linked
SELECT client_id, member_id FROM smf_user_mappings WHERE state = 'linked' ORDER BY client_id;

-- name: policy
SELECT policy FROM login_policies WHERE member_id = %s;

-- name: trusted_now
-- Where members are trusted, the latest first; of one member, or of all.
SELECT
    t.id, t.network_sealed, t.label, t.trusted_by, t.created_at, t.first_used_at, t.last_used_at, t.expires_at,
    t.revoked_at, t.member_id, address_tag(t.network_hash) AS address_tag,
    (
        SELECT m.member_name FROM smf_user_mappings AS m
        WHERE m.member_id = t.member_id ORDER BY m.last_login_at DESC LIMIT 1
    ) AS member_name
FROM trusted_ips AS t
WHERE t.revoked_at IS NULL AND t.expires_at > %(now)s AND t.id < %(before)s
    AND (%(member)s::bigint IS NULL OR t.member_id = %(member)s)
ORDER BY t.id DESC
LIMIT %(limit)s;

-- name: links
-- Clients and the members who logged in with them, the latest first.
SELECT client_id, member_id, member_name, state, claimed_at, last_login_at, session_until
FROM smf_user_mappings
WHERE (%(member)s::bigint IS NULL OR member_id = %(member)s)
    AND (%(client)s::text IS NULL OR client_id = %(client)s)
    AND (%(name)s::text IS NULL OR strpos(lower(member_name), lower(%(name)s)) > 0)
    AND last_login_at < COALESCE(%(before)s::timestamptz, 'infinity')
ORDER BY last_login_at DESC, client_id, member_id
LIMIT %(limit)s;

-- name: forget_networks
UPDATE login_token_history SET network_hash = NULL WHERE network_hash IS NOT NULL AND at < %s;

-- name: forget_trusted
-- Those that ran out. What a person refused is kept for longer.
DELETE FROM trusted_ips WHERE revoked_at IS NULL AND expires_at < %s;

-- name: forget_refused
DELETE FROM trusted_ips WHERE revoked_at < %s;

-- name: forget_denied
DELETE FROM pending_ip_approvals WHERE decision = 'denied' AND decided_at < %s;

-- name: forget_audited_networks
UPDATE audit_log SET after = after - 'address_tag'
WHERE starts_with(action, 'login.') AND after ? 'address_tag' AND at < %s;
