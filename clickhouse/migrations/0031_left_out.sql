-- Events of matches that an admin took out of every number: as in raw_events, which has them no more, and read by
-- nothing that counts. api/left_out moves them. A column that raw_events gets, this gets too.

CREATE TABLE IF NOT EXISTS raw_events_left_out AS raw_events
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (server_id, match_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
