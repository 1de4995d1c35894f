-- A week, or a day of every year, is asked for what was played in it: by time, those rows lie together.

ALTER TABLE match_results ADD PROJECTION IF NOT EXISTS by_time
(
    SELECT
        player_key,
        match_key,
        version,
        sign,
        server_id,
        map,
        gametype,
        started_at,
        length,
        kills,
        deaths,
        playtime,
        best_streak,
        multi_kills
    ORDER BY started_at
);

ALTER TABLE match_results MATERIALIZE PROJECTION by_time;
