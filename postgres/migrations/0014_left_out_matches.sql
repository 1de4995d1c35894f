-- Matches that an admin took out of every number. Their events lie in raw_events_left_out in ClickHouse.

CREATE TABLE left_out_matches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    match text NOT NULL,
    server_id bigint NOT NULL,
    match_id text NOT NULL,
    reason text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    undone_at timestamptz,
    undone_by text,
    done boolean NOT NULL DEFAULT FALSE
);

COMMENT ON COLUMN left_out_matches.match IS 'its id in the API';

COMMENT ON COLUMN left_out_matches.match_id IS 'as its server names it';

COMMENT ON COLUMN left_out_matches.done IS 'whether its events lie where they should, and all is counted accordingly';

CREATE UNIQUE INDEX left_out_matches_open ON left_out_matches (match) WHERE undone_at IS NULL;

CREATE INDEX left_out_matches_waiting ON left_out_matches (id) WHERE NOT done;
