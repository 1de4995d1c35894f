-- Logging in from the game: codes, the networks at which members are known, and whose a client is. A network is
-- an IPv4 address, the /64 of an IPv6 address, or a range that an admin gave. Members are the forum's; here
-- stand their ids, and the name under which the forum last asked for a code.

CREATE TABLE login_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lookup text NOT NULL UNIQUE,
    hash text NOT NULL,
    member_id bigint NOT NULL,
    member_name text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_network cidr,
    revoked_at timestamptz
);

COMMENT ON COLUMN login_tokens.lookup IS 'the first characters of the code, by which it is found';

COMMENT ON COLUMN login_tokens.hash IS 'argon2id of the whole code';

CREATE INDEX login_tokens_member ON login_tokens (member_id);

CREATE TABLE login_policies (
    member_id bigint PRIMARY KEY,
    policy text NOT NULL CHECK (policy IN ('first_use', 'approval'))
);

COMMENT ON COLUMN login_policies.policy IS 'what a good code from a new network does; without a row: first_use';

CREATE TABLE trusted_ips (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    network cidr NOT NULL,
    label text NOT NULL,
    trusted_by text NOT NULL,
    created_at timestamptz NOT NULL,
    first_used_at timestamptz,
    last_used_at timestamptz,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE UNIQUE INDEX trusted_ips_current ON trusted_ips (member_id, network) WHERE revoked_at IS NULL;

CREATE INDEX trusted_ips_member ON trusted_ips (member_id);

CREATE TABLE pending_ip_approvals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    network cidr NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    server_id int NOT NULL REFERENCES servers,
    reason text NOT NULL CHECK (reason IN ('policy', 'refused_before', 'used_code', 'resume')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_at timestamptz,
    decision text CHECK (decision IN ('approved', 'denied', 'proved')),
    decided_by text,
    CHECK ((decided_at IS NULL) = (decision IS NULL))
);

COMMENT ON COLUMN pending_ip_approvals.decision IS
    'proved: a fresh code was used from there, under the policy first_use';

CREATE UNIQUE INDEX pending_ip_approvals_open
ON pending_ip_approvals (member_id, network, client_id) WHERE decided_at IS NULL;

CREATE INDEX pending_ip_approvals_member ON pending_ip_approvals (member_id);

CREATE TABLE login_token_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('code', 'resume', 'logout')),
    outcome text NOT NULL,
    reason text NOT NULL,
    guess boolean NOT NULL,
    server_id int NOT NULL REFERENCES servers,
    client_id text NOT NULL,
    name text NOT NULL,
    network cidr,
    token_id bigint,
    member_id bigint
);

COMMENT ON COLUMN login_token_history.guess IS
    'counts towards a lock: a wrong code, or a try of which the outcome is not known yet';

CREATE INDEX login_token_history_network ON login_token_history (network, at) WHERE guess;

CREATE INDEX login_token_history_client ON login_token_history (client_id, at) WHERE guess;

CREATE INDEX login_token_history_server ON login_token_history (server_id, at) WHERE guess;

CREATE INDEX login_token_history_member ON login_token_history (member_id, id);

CREATE INDEX login_token_history_age ON login_token_history (at);

CREATE TABLE smf_user_mappings (
    client_id text NOT NULL,
    member_id bigint NOT NULL,
    member_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('linked', 'unlinked', 'conflict', 'refused', 'over_limit')),
    claimed_at timestamptz NOT NULL,
    last_login_at timestamptz NOT NULL,
    session_until timestamptz,
    PRIMARY KEY (client_id, member_id)
);

COMMENT ON COLUMN smf_user_mappings.state IS
    'linked: the client''s stats are the member''s; conflict: it was another''s when the member claimed it';

COMMENT ON COLUMN smf_user_mappings.session_until IS
    'while it has not come, the client is logged in, and again on connecting from a trusted network';

CREATE UNIQUE INDEX smf_user_mappings_linked ON smf_user_mappings (client_id) WHERE state = 'linked';

CREATE UNIQUE INDEX smf_user_mappings_session ON smf_user_mappings (client_id) WHERE session_until IS NOT NULL;

CREATE INDEX smf_user_mappings_member ON smf_user_mappings (member_id);

-- Clients whose link has changed and is still to be written to ClickHouse.
CREATE TABLE changed_links (
    client_id text PRIMARY KEY,
    changes bigint NOT NULL DEFAULT 1
);
