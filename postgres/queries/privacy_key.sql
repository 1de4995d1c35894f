-- name: prove
INSERT INTO privacy_key (proof) VALUES (%s) ON CONFLICT DO NOTHING;

-- name: proof
SELECT proof FROM privacy_key;

-- name: clear_networks
-- As they stood here before they were hashed.
SELECT network::text AS network FROM login_token_history WHERE network IS NOT NULL
UNION
SELECT used_network::text AS network FROM login_tokens WHERE used_network IS NOT NULL
UNION
SELECT network::text AS network FROM trusted_ips WHERE network IS NOT NULL
UNION
SELECT network::text AS network FROM pending_ip_approvals WHERE network IS NOT NULL
UNION
SELECT after ->> 'network' AS network FROM audit_log WHERE starts_with(action, 'login.') AND after ? 'network';

-- name: hashed_networks
CREATE TEMPORARY TABLE hashed_networks (
    clear text PRIMARY KEY, hash bytea NOT NULL, sealed bytea NOT NULL
) ON COMMIT DROP;

-- name: add_hashed
INSERT INTO hashed_networks (clear, hash, sealed) SELECT n.clear, n.hash, n.sealed
FROM unnest(%s::text [], %s::bytea [], %s::bytea []) AS n (clear, hash, sealed);

-- name: hash_history
UPDATE login_token_history AS t SET network_hash = h.hash, network = NULL
FROM hashed_networks AS h WHERE h.clear = t.network::text;

-- name: hash_codes
UPDATE login_tokens AS t SET used_hash = h.hash, used_network = NULL
FROM hashed_networks AS h WHERE h.clear = t.used_network::text;

-- name: hash_trusted
UPDATE trusted_ips AS t SET network_hash = h.hash, network_sealed = h.sealed, network = NULL
FROM hashed_networks AS h WHERE h.clear = t.network::text;

-- name: hash_approvals
UPDATE pending_ip_approvals AS t SET network_hash = h.hash, network_sealed = h.sealed, network = NULL
FROM hashed_networks AS h WHERE h.clear = t.network::text;

-- name: tag_decisions
UPDATE audit_log AS t SET after = (t.after - 'network') || jsonb_build_object('address_tag', address_tag(h.hash))
FROM hashed_networks AS h WHERE starts_with(t.action, 'login.') AND h.clear = t.after ->> 'network';
