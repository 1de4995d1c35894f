-- A player's page asks for the matches of one player: by player, those rows lie together.

ALTER TABLE ratings MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE ratings ADD PROJECTION IF NOT EXISTS by_player
(
    SELECT
        gametype,
        started_at,
        match_key,
        player_key,
        version,
        sign,
        mu_before,
        sigma_before,
        mu,
        sigma,
        team,
        rank,
        share,
        expected,
        result
    ORDER BY player_key
);

ALTER TABLE ratings MATERIALIZE PROJECTION by_player;
