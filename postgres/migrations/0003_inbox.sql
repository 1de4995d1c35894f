-- Accepted events on their way to ClickHouse. A sealed block never changes: it is inserted under its token
-- as often as it takes, and then deleted.

CREATE TABLE ingest_blocks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token uuid NOT NULL DEFAULT gen_random_uuid(),
    sealed_at timestamptz NOT NULL DEFAULT now(),
    failures int NOT NULL DEFAULT 0,
    last_failure text,
    retry_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ingest_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    block_id bigint REFERENCES ingest_blocks,
    received_at timestamptz NOT NULL DEFAULT now(),
    events int NOT NULL,
    bytes bigint NOT NULL,
    payload bytea NOT NULL
);

COMMENT ON COLUMN ingest_inbox.bytes IS 'of the events, before they were packed';

ALTER TABLE ingest_inbox ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE INDEX ingest_inbox_unsealed ON ingest_inbox (id) WHERE block_id IS NULL;

CREATE INDEX ingest_inbox_block ON ingest_inbox (block_id) WHERE block_id IS NOT NULL;
