-- Players who were erased. What is known of one here says nothing without the key of this installation, which
-- is in no database.

CREATE TABLE erasures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    until timestamptz NOT NULL,
    stand_in text NOT NULL,
    work jsonb,
    done_at timestamptz,
    counts jsonb,
    CHECK ((work IS NULL) = (done_at IS NOT NULL))
);

COMMENT ON COLUMN erasures.until IS 'events up to this moment are the stand-in''s, whenever they arrive';

COMMENT ON COLUMN erasures.stand_in IS 'the id of the anonymous player whose the counts are now';

COMMENT ON COLUMN erasures.work IS 'what is still to be taken out, in clear text; gone when it has been';

CREATE TABLE tombstones (
    hash bytea PRIMARY KEY,
    erasure_id bigint NOT NULL REFERENCES erasures,
    stand_in text NOT NULL,
    until timestamptz NOT NULL
);

COMMENT ON COLUMN tombstones.hash IS 'HMAC-SHA-256 of a client id, a name or a forum member''s id';

COMMENT ON COLUMN tombstones.stand_in IS 'the client id under which events of that one are kept';

-- One row: whoever opens this database with another key would know nobody again.
CREATE TABLE privacy_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    proof bytea NOT NULL
);
