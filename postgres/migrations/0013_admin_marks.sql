-- What admins say of players: that one is a bot or is none, that one is to stand on no board. ClickHouse has a copy,
-- which queries read.

CREATE TABLE admin_marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('bot', 'person', 'flag')),
    player text NOT NULL,
    keys text [] NOT NULL,
    reason text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    undone_at timestamptz,
    undone_by text
);

COMMENT ON COLUMN admin_marks.keys IS 'for which it holds, as decimal numbers of 64 bits; a later mark takes keys from it';

CREATE INDEX admin_marks_open ON admin_marks USING gin (keys) WHERE undone_at IS NULL;

CREATE TABLE changed_marks (
    player_key text PRIMARY KEY
);

COMMENT ON TABLE changed_marks IS 'keys of which ClickHouse does not know yet what is said of them';
