-- How the log lies on disk. A new part is one file instead of some hundreds, which a fifth of an insert went
-- into. Every column is packed, and a week later, in the background, packed again and harder: the originals
-- then take two thirds.

ALTER TABLE raw_events MODIFY COLUMN raw String CODEC(Default);

ALTER TABLE raw_events MODIFY SETTING
    min_bytes_for_wide_part = 268435456,
    default_compression_codec = 'ZSTD(1)';

ALTER TABLE raw_events MODIFY TTL toDateTime(received_at) + INTERVAL 7 DAY RECOMPRESS CODEC(ZSTD(9));
