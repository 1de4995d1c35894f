-- What boards by match ask is kept added up with each part of the table: by player, and by the day on which a match began.
-- ClickHouse takes it by itself where a board asks these sums (tests/stats/test_boards.py). Rows that were taken back are
-- taken off by their sign, so it does not matter whether a merge has met them.

ALTER TABLE match_results MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE match_results ADD PROJECTION IF NOT EXISTS by_player
(
    SELECT
        player_key,
        sum(sign),
        sumIf(sign, took_part),
        sumIf(sign, outcome = 1),
        sumIf(sign, outcome = 1 AND gametype != 'ffa'),
        sumIf(sign, outcome = 1 AND gametype = 'ffa'),
        sumIf(sign, outcome = -1),
        sumIf(sign, outcome != 0),
        sumIf(sign, kills = 0 AND playtime >= 300000),
        sumIf(sign, deaths = 0 AND kills >= 5),
        sumIf(sign * rounds, took_part),
        sum(sign * length(multi_kills)),
        sum(sign * first_kills),
        sum(sign * last_kills),
        sum(sign * revenges),
        sum(sign * trades),
        sum(sign * kills),
        sum(sign * deaths),
        sum(sign * playtime)
    GROUP BY player_key
);

ALTER TABLE match_results ADD PROJECTION IF NOT EXISTS by_day
(
    SELECT
        toDate(started_at),
        server_id,
        map,
        gametype,
        player_key,
        sum(sign),
        sumIf(sign, took_part),
        sumIf(sign, outcome = 1),
        sumIf(sign, outcome = 1 AND gametype != 'ffa'),
        sumIf(sign, outcome = 1 AND gametype = 'ffa'),
        sumIf(sign, outcome = -1),
        sumIf(sign, outcome != 0),
        sumIf(sign, kills = 0 AND playtime >= 300000),
        sumIf(sign, deaths = 0 AND kills >= 5),
        sumIf(sign * rounds, took_part),
        sum(sign * length(multi_kills)),
        sum(sign * first_kills),
        sum(sign * last_kills),
        sum(sign * revenges),
        sum(sign * trades),
        sum(sign * kills),
        sum(sign * deaths),
        sum(sign * playtime),
        sum(sign * crouched)
    GROUP BY toDate(started_at), server_id, map, gametype, player_key
);

ALTER TABLE match_results MATERIALIZE PROJECTION by_player;

ALTER TABLE match_results MATERIALIZE PROJECTION by_day;
