-- What is read of one player or one match here and there is unpacked a block at a time: of blocks of 4 KiB, less is unpacked
-- in vain. Parts that are there become so when they are merged.

ALTER TABLE player_identities MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE player_totals MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE player_daily MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE player_weapons MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE player_parts MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE rivals MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE matches MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE match_players MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE match_results MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE ratings MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;

ALTER TABLE current_ratings MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 4096;
