-- The columns in which addresses stood in the clear go; the indexes on them go with them.

ALTER TABLE login_tokens DROP COLUMN used_network;

ALTER TABLE login_token_history DROP COLUMN network;

CREATE INDEX login_token_history_network ON login_token_history (network_hash, at) WHERE guess;

ALTER TABLE trusted_ips
DROP COLUMN network,
ALTER COLUMN network_hash SET NOT NULL,
ALTER COLUMN network_sealed SET NOT NULL;

COMMENT ON COLUMN trusted_ips.network_sealed IS 'AES-256-GCM of the network: its nonce, then what is sealed';

CREATE UNIQUE INDEX trusted_ips_current ON trusted_ips (member_id, network_hash) WHERE revoked_at IS NULL;

ALTER TABLE pending_ip_approvals
DROP COLUMN network,
ALTER COLUMN network_hash SET NOT NULL,
ALTER COLUMN network_sealed SET NOT NULL;

COMMENT ON COLUMN pending_ip_approvals.network_sealed IS 'AES-256-GCM of the network: its nonce, then what is sealed';

CREATE UNIQUE INDEX pending_ip_approvals_open
ON pending_ip_approvals (member_id, network_hash, client_id) WHERE decided_at IS NULL;

-- Written anew, or rows as they were before would stay in the files until they are cleaned up.
CLUSTER login_tokens USING login_tokens_pkey;

CLUSTER login_token_history USING login_token_history_pkey;

CLUSTER trusted_ips USING trusted_ips_pkey;

CLUSTER pending_ip_approvals USING pending_ip_approvals_pkey;

CLUSTER audit_log USING audit_log_pkey;
