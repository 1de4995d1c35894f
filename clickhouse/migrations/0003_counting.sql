-- The rules of counting, each once. Views and queries call them, so that no two numbers disagree.
--
-- player_kill is the one record of a death. What describes the same death again (player_death with an attacker,
-- player_suicide, player_teamkill, player_headshot, player_bash, ...) is kept and counts under its own name only.

CREATE FUNCTION IF NOT EXISTS is_playing_team AS (team) -> team IN ('allies', 'axis', 'freeforall');

CREATE FUNCTION IF NOT EXISTS same_side AS (gametype, one, other) ->
    gametype != 'ffa' AND one = other AND one IN ('allies', 'axis');

CREATE FUNCTION IF NOT EXISTS is_enemy AS (gametype, actor_key, actor_team, target_key, target_team) ->
    actor_key != 0 AND actor_key != target_key AND NOT same_side(gametype, actor_team, target_team);

CREATE FUNCTION IF NOT EXISTS is_team_mate AS (gametype, actor_key, actor_team, target_key, target_team) ->
    actor_key != 0 AND actor_key != target_key AND same_side(gametype, actor_team, target_team);

CREATE FUNCTION IF NOT EXISTS is_kill AS (type, gametype, actor_key, actor_team, target_key, target_team) ->
    type = 'player_kill' AND is_enemy(gametype, actor_key, actor_team, target_key, target_team);

CREATE FUNCTION IF NOT EXISTS is_team_kill AS (type, gametype, actor_key, actor_team, target_key, target_team) ->
    type = 'player_kill' AND is_team_mate(gametype, actor_key, actor_team, target_key, target_team);

-- By one's own hand, or by nobody's: a fall, a crusher, the world.
CREATE FUNCTION IF NOT EXISTS is_suicide AS (type, actor_key, target_key) ->
    (type = 'player_kill' AND actor_key IN (0, target_key)) OR (type = 'player_death' AND actor_key = 0);

CREATE FUNCTION IF NOT EXISTS is_death AS (type, actor_key) ->
    type = 'player_kill' OR (type = 'player_death' AND actor_key = 0);

CREATE FUNCTION IF NOT EXISTS at_head AS (hitloc) -> hitloc IN ('head', 'helmet');

CREATE FUNCTION IF NOT EXISTS shots_of AS (type, fired) -> multiIf(
    type = 'weapon_fire', 1,
    type = 'accuracy_summary', greatest(ifNull(fired, 0), 0),
    0
);

CREATE FUNCTION IF NOT EXISTS hits_of AS (type, hits) -> multiIf(
    type = 'weapon_hit', 1,
    type = 'accuracy_summary', greatest(ifNull(hits, 0), 0),
    0
);

-- Sums of floats depend on the order of their terms, sums of integers do not. A single amount above a million
-- is no damage and no walk.
CREATE FUNCTION IF NOT EXISTS thousandths AS (amount) ->
    toInt64(round(1000 * least(greatest(ifNull(amount, 0), 0), 1000000)));

CREATE FUNCTION IF NOT EXISTS is_join AS (type, old_team, new_team) ->
    type = 'team_join' AND is_playing_team(canonical_team(new_team))
    AND NOT is_playing_team(canonical_team(old_team));

CREATE FUNCTION IF NOT EXISTS is_leave AS (type, actor_team, old_team, new_team) ->
    (type = 'team_join' AND is_playing_team(canonical_team(old_team))
        AND NOT is_playing_team(canonical_team(new_team)))
    OR (type = 'client_disconnect' AND is_playing_team(actor_team));

-- Seconds between joining a team and leaving it. Times are in milliseconds; `first` and `last` are when the
-- player was seen, `gone` is the last disconnect or 0. A join without its leave lasts until the disconnect or
-- the end of the match, a leave without its join began when the player was first seen. Without any of either,
-- whoever is not known to watch plays from the first event to the last.
CREATE FUNCTION IF NOT EXISTS playtime AS
    (joins, leaves, joined, left_at, first, last, gone, team, match_first, match_last) ->
    least(
        greatest(
            multiIf(
                joins = 0 AND leaves = 0, if(team = '' OR is_playing_team(team), last - first, 0),
                joins >= leaves, left_at - joined + (joins - leaves) * if(gone >= last, gone, match_last),
                left_at - joined - (leaves - joins) * first
            ),
            0
        ),
        match_last - match_first
    ) / 1000;

-- A lifeline is a player's kills (1) and deaths (-1) in one match: (milliseconds, seq, sign), in any order.
-- Kills between deaths: the longest run.
CREATE FUNCTION IF NOT EXISTS best_streak AS (lifeline) -> arrayMax(arrayMap(
    life -> arrayCount(moment -> moment.3 = 1, life),
    arraySplit(moment -> moment.3 = -1, arraySort(arrayPushFront(lifeline, (0, 0, 0))))
));

-- The sizes of multi-kills: kills each within 4 s of the one before, two or more.
CREATE FUNCTION IF NOT EXISTS multi_kills AS (lifeline) -> arrayFilter(
    size -> size > 1,
    arrayMap(
        run -> length(run),
        arraySplit(
            (moment, gap) -> gap > 4000,
            arraySort(arrayMap(moment -> moment.1, arrayFilter(moment -> moment.3 = 1, lifeline))),
            arrayDifference(arraySort(arrayMap(moment -> moment.1, arrayFilter(moment -> moment.3 = 1, lifeline))))
        )
    )
);

-- Hits of shots, unknown (NULL) where nobody counted the shots.
CREATE FUNCTION IF NOT EXISTS accuracy_of AS (shots, hits) -> if(shots = 0, NULL, hits / shots);

-- Without a death it is the number of kills.
CREATE FUNCTION IF NOT EXISTS kd_of AS (kills, deaths) -> kills / greatest(deaths, 1);

-- Keys as the API writes them: 16 hexadecimal digits.
CREATE FUNCTION IF NOT EXISTS public_id AS (key) -> leftPad(lower(hex(key)), 16, '0');
