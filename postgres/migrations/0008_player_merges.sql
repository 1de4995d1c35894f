-- Players whom an admin merged into others, so that it can be undone. The links themselves stand in ClickHouse.

CREATE TABLE player_merges (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    player text NOT NULL,
    into_player text NOT NULL,
    keys text [] NOT NULL,
    before text [] NOT NULL,
    merged_at timestamptz NOT NULL DEFAULT now(),
    merged_by text NOT NULL,
    split_at timestamptz
);

COMMENT ON COLUMN player_merges.keys IS 'the keys that were the player''s, as decimal numbers of 64 bits';

COMMENT ON COLUMN player_merges.before IS 'for whom each of them stood before';

CREATE UNIQUE INDEX player_merges_open ON player_merges (player) WHERE split_at IS NULL;

CREATE INDEX player_merges_into ON player_merges (into_player) WHERE split_at IS NULL;
