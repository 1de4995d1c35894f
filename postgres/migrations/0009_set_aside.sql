-- Accepted events of a block that ClickHouse refuses, set aside by an admin: they wait outside of any block until
-- they are driven again, and are counted then. Nothing is sent twice and nothing is thrown away.

ALTER TABLE ingest_inbox
ADD COLUMN set_aside_at timestamptz,
ADD COLUMN set_aside_reason text;

CREATE INDEX ingest_inbox_set_aside ON ingest_inbox (id) WHERE set_aside_at IS NOT NULL;
