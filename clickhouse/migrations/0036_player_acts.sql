-- How often each player did something on a day, by server, map and game type: a row for each kind of act, so that a
-- board of one reads no others.
-- rebuild: player_acts

-- NULL where there is nothing to divide by.
CREATE FUNCTION IF NOT EXISTS ratio_of AS (part, whole) -> if(whole = 0, NULL, part / whole);

-- The lower end of Wilson's 95 % interval for a share seen in so many cases: what can be said of it for sure.
CREATE FUNCTION IF NOT EXISTS wilson_95 AS (share, cases) -> if(
    cases = 0,
    NULL,
    (
        least(share, 1) + 1.9207 / cases
        - 1.96 * sqrt(least(share, 1) * (1 - least(share, 1)) / cases + 0.9604 / cases / cases)
    ) / (1 + 3.8416 / cases)
);

CREATE FUNCTION IF NOT EXISTS item_of AS (item, item_name) -> if(item != '', item, item_name);

CREATE FUNCTION IF NOT EXISTS kind_of AS (act, mod, item, item_name, is_team) -> multiIf(
    act IN ('kill', 'death'), toString(mod),
    act = 'player_say', if(is_team, 'team', 'all'),
    toString(item_of(item, item_name))
);

-- In thousandths: how high, or how much the item gave.
CREATE FUNCTION IF NOT EXISTS amount_of AS (act, fall_height, jump_height, given) -> thousandths(multiIf(
    act = 'player_land', fall_height,
    act = 'player_jump', jump_height,
    act IN ('item_pickup', 'health_pickup', 'ammo_pickup', 'armor_pickup', 'item_drop'), toFloat32(given),
    0
));

CREATE TABLE IF NOT EXISTS player_acts
(
    act LowCardinality(String) COMMENT 'kill, of an enemy; death; else the type of the event, for who did it',
    kind LowCardinality(String) COMMENT 'kill, death: means; player_say: team or all; else the item, if any',
    player_key UInt64,
    day Date,
    server_id UInt32,
    map LowCardinality(String),
    gametype LowCardinality(String),
    acts SimpleAggregateFunction(sum, UInt64) COMMENT 'how often',
    amount SimpleAggregateFunction(sum, Int64) COMMENT 'thousandths: height of falls and jumps, how much items gave',
    most SimpleAggregateFunction(max, Int64) COMMENT 'the largest of these amounts'
)
ENGINE = AggregatingMergeTree
ORDER BY (act, kind, player_key, day, server_id, map, gametype)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS player_acts_view TO player_acts AS
SELECT
    side.1 AS act,
    kind_of(act, mod, item, item_name, is_team) AS kind,
    side.2 AS player_key,
    toDate(time) AS day,
    server_id,
    map,
    gametype,
    count() AS acts,
    sum(amount_of(act, fall_height, jump_height, raw_events.count)) AS amount,
    max(amount_of(act, fall_height, jump_height, raw_events.count)) AS most
FROM raw_events
ARRAY JOIN multiIf(
    is_kill(type, gametype, actor_key, actor_team, target_key, target_team), [('kill', actor_key), ('death', target_key)],
    is_death(type, actor_key), [('death', target_key)],
    type = 'player_death', [],
    [(toString(type), actor_key)]
) AS side
WHERE side.2 != 0
    AND type IN (
        'player_kill', 'player_death', 'player_say', 'player_jump', 'player_land', 'player_crouch', 'player_prone',
        'weapon_change', 'weapon_no_ammo', 'weapon_drop', 'weapon_holster', 'grenade_throw', 'item_pickup', 'item_drop',
        'health_pickup', 'ammo_pickup', 'armor_pickup', 'player_use', 'player_use_object_start',
        'player_use_object_finish', 'ladder_mount', 'door_open', 'door_close', 'vehicle_enter', 'vehicle_collision',
        'vehicle_death', 'turret_enter', 'vote_start', 'vote_passed', 'vote_failed', 'team_join', 'player_spectate',
        'player_freeze', 'client_connect', 'client_userinfo_changed', 'player_spawn', 'player_respawn',
        'player_inactivity_drop', 'teamkill_kick', 'objective_update', 'objective_capture'
    )
GROUP BY act, kind, player_key, day, server_id, map, gametype;

-- Who stands on no board of people, after links: bots, and those whom an admin flagged.
CREATE VIEW IF NOT EXISTS off_boards AS
SELECT player FROM bot_players
UNION DISTINCT
SELECT ifNull(links.player, marks.player_key) AS player
FROM (SELECT player_key FROM player_marks FINAL WHERE flagged) AS marks
LEFT JOIN (SELECT player_key, player FROM player_links FINAL) AS links ON links.player_key = marks.player_key;
