-- Addresses of logins, of which none is kept in the clear from here on: a network is found by its HMAC-SHA-256, and
-- sealed where it must be shown again. api/privacy_key.py fills these columns in the transaction of this file; the
-- next file takes the old columns away.

CREATE FUNCTION address_tag(hash bytea) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT 'ip-' || encode(substring(hash FROM 1 FOR 6), 'hex') $$;

COMMENT ON FUNCTION address_tag IS 'by what a network is told from others where it may not be read';

-- A process of an older version writes none any more.
ALTER TABLE login_tokens
ADD COLUMN used_hash bytea,
ADD CHECK (used_network IS NULL) NOT VALID;

ALTER TABLE login_token_history
ADD COLUMN network_hash bytea,
ADD CHECK (network IS NULL) NOT VALID;

ALTER TABLE trusted_ips
ADD COLUMN network_hash bytea,
ADD COLUMN network_sealed bytea,
ALTER COLUMN network DROP NOT NULL,
ADD CHECK (network IS NULL) NOT VALID;

ALTER TABLE pending_ip_approvals
ADD COLUMN network_hash bytea,
ADD COLUMN network_sealed bytea,
ALTER COLUMN network DROP NOT NULL,
ADD CHECK (network IS NULL) NOT VALID;
