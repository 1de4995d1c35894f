-- Events that `afteraction bench query` makes up, and its questions asked of the log itself.

-- name: events
-- Rows of raw_events, by number: a match has 2,000 of them, 450 ms apart. api/bench/query.py describes the model.
WITH
[
    'player_damage', 'player_spawn', 'player_kill', 'player_distance', 'player_say', 'weapon_fire', 'weapon_hit',
    'accuracy_summary', 'weapon_reload', 'weapon_change', 'player_jump', 'heartbeat', 'item_pickup', 'player_pain',
    'player_death', 'team_join', 'round_start', 'round_end', 'player_headshot', 'grenade_throw', 'grenade_explode',
    'player_land', 'player_crouch', 'player_prone', 'ladder_mount', 'ladder_dismount', 'item_drop', 'player_use',
    'client_userinfo_changed', 'player_suicide', 'player_crushed', 'player_telefragged', 'player_roadkill',
    'player_bash', 'player_teamkill', 'player_spectate', 'player_freeze', 'player_use_object_start',
    'player_use_object_finish', 'game_start', 'game_end', 'game_init', 'team_win', 'objective_update',
    'weapon_reload_done', 'weapon_ready', 'weapon_no_ammo', 'weapon_holster', 'weapon_raise', 'weapon_drop',
    'vehicle_enter', 'vehicle_exit', 'vehicle_death', 'vehicle_collision', 'turret_enter', 'turret_exit', 'door_open',
    'door_close', 'health_pickup', 'ammo_pickup', 'armor_pickup', 'bot_spawn', 'bot_killed', 'bot_roam', 'bot_curious',
    'bot_attack', 'objective_capture'
] AS all_types,
arrayConcat([400, 130, 120, 70, 45, 40, 12, 10, 20, 15, 20, 8, 10, 10, 8], arrayWithConstant(52, 1)) AS weights,
arrayFlatten(arrayMap((word, weight) -> arrayWithConstant(weight, word), all_types, weights)) AS mix,
[
    'player_kill', 'player_damage', 'player_death', 'player_headshot', 'player_pain', 'player_suicide', 'player_bash',
    'player_crushed', 'player_telefragged', 'player_roadkill', 'player_teamkill', 'bot_killed', 'vehicle_death'
] AS combat,
[
    'match_start', 'match_end', 'intermission_start', 'heartbeat', 'round_start', 'round_end', 'team_win',
    'game_start', 'game_end', 'game_init'
] AS of_the_match,
[
    'M1 Garand', 'Mauser KAR 98K', 'Thompson', 'MP40', 'BAR', 'StG 44', 'KAR98 - Sniper', 'Springfield ''03 Sniper',
    'Shotgun', 'Bazooka', 'Panzerschreck', 'Frag Grenade', 'Stielhandgranate', 'Colt 45', 'Walther P38',
    'Hi-Standard Silenced', 'Gewehrgranate', 'Mosin Nagant Rifle', 'PPSH SMG', 'Webley Revolver'
] AS weapons,
[
    'dm/mohdm1', 'dm/mohdm2', 'dm/mohdm3', 'dm/mohdm4', 'dm/mohdm5', 'dm/mohdm6', 'dm/mohdm7', 'obj/obj_team1',
    'obj/obj_team2', 'obj/obj_team3', 'obj/obj_team4', 'dm/mp_bahnhof_dm', 'dm/mp_bazaar_dm', 'dm/mp_brest_dm',
    'dm/mp_gewitter_dm', 'dm/mp_holland_dm', 'dm/mp_stadt_dm', 'dm/mp_unterseite_dm', 'dm/mp_verschneit_dm',
    'lib/mp_ship_lib'
] AS maps,
[
    'torso_upper', 'torso_mid', 'torso_lower', 'head', 'helmet', 'neck', 'pelvis', 'r_arm_upper', 'l_arm_upper',
    'r_leg_upper', 'l_leg_upper', 'r_arm_lower', 'l_leg_lower', 'torso_upper', 'torso_mid', 'head'
] AS places,
['bullet', 'bullet', 'bullet', 'bullet', 'fast_bullet', 'bash', 'grenade', 'explosion'] AS means,
[
    'nice shot', 'gg', 'lol', 'where are they', 'need ammo', 'cover me at the bridge', 'sniper in the tower', 'hi all',
    'good game everyone, see you tomorrow', 'who camps there', 'next map please', 'noob tube again'
] AS sayings,
['Sgt', 'Pvt', 'Cpl', 'Old', 'Mad', 'Iron', 'Red', 'Lone', 'Fat', 'Sir', 'El', 'Big', 'Tom', 'Max', 'Kid',
    'Doc'] AS first_words,
['Wolf', 'Eagle', 'Ryan', 'Fox', 'Bear', 'Ghost', 'Hawk', 'Sniper', 'Gunner', 'Viking', 'Baker', 'Miller', 'Snake',
    'Jäger', 'Falcon', 'Raven'] AS second_words,
-- The last four seats of every third match.
(match, slots, slot) -> match % 3 = 0 AND slot + 4 >= slots AS seats_a_bot,
-- Who sits in a match: two newcomers, perhaps four bots, and others by Zipf and Mandelbrot's law.
people AS (
    SELECT
        16 * match + slot AS seat,
        multiIf(
            slot < 2, 2 * match + slot,
            bot, 1000000000 + slot,
            16 * toInt64(floor(
                0.625 * (pow(1 + match / 5, intHash64(seat + 77) / 18446744073709551616) - 1)
            )) + slot
        ) AS person,
        seats_a_bot(match, 8 + 2 * toInt64(intDiv(intHash64(match + 1000000007), 16) % 5), slot) AS bot,
        if(slot % 2 = 0, 'allies', 'axis') AS team,
        if(bot, concat('bot', toString(slot)), concat(
            first_words[1 + person % 16],
            second_words[1 + intDiv(person, 16) % 16],
            if(person < 256, '', toString(intDiv(person, 256))),
            if(person % 10 < 7, ['', ' ^1[AA]', '.away', ' II'][1 + intDiv(match + 37 * person, 4000) % 4], '')
        )) AS name,
        if(NOT bot AND person % 10 < 7, lower(hex(intHash64(person))), '') AS guid,
        player_key(name, guid, bot) AS player_key,
        concat(
            ',"@_name":"', name, '","@_guid":"', guid, if(bot, '","@_bot":true,"@_team":"', '","@_team":"'), team,
            '","@_x":'
        ) AS json
    FROM (
        SELECT
            toInt64(intDiv(number, 16)) AS match,
            toInt64(number % 16) AS slot
        FROM numbers(16 * intDiv({first:UInt64}, 2000), 16 * (2 + intDiv({count:UInt64}, 2000)))
    )
),
-- Eight places of each map draw everybody; one in sixteen strays.
(draw, ground) -> toInt32(
    toInt64(intHash64(8 * ground + if(draw % 16 = 0, intDiv(draw, 16) % 97, intDiv(draw, 16) % 8)) % 6000) - 3000
    + intDiv(draw, 4096) % 200 + intDiv(draw, 1048576) % 200
) AS coordinate
SELECT
    toUInt32(server) AS server_id,
    concat('bench-', toString(match)) AS session_id,
    place AS seq,
    fromUnixTimestamp64Milli(ms + 1000, 'UTC') AS received_at,
    fromUnixTimestamp64Milli(ms, 'UTC') AS time,
    word AS type,
    concat('bench-', toString(match), '-m1') AS match_id,
    sipHash64(server_id, match_id) AS match_key,
    transform(ground, range(20), maps, '') AS map,
    transform(server % 6, range(6), ['tdm', 'ffa', 'objective', 'tdm', 'rounds', 'tow'], '') AS gametype,
    if(acts, actor.player_key, 0) AS actor_key,
    if(acts, actor.name, '') AS actor_name,
    if(acts, actor.guid, '') AS actor_guid,
    if(acts, actor.team, '') AS actor_team,
    acts AND actor.bot AS actor_bot,
    if(acts, at_x, NULL) AS actor_x,
    if(acts, at_y, NULL) AS actor_y,
    if(acts, 8 * ground, NULL) AS actor_z,
    if(acts, 0, NULL) AS actor_pitch,
    if(acts, toInt32(h % 360) - 180, NULL) AS actor_yaw,
    if(acts, 'stand', '') AS actor_stance,
    if(suffers, target.player_key, 0) AS target_key,
    if(suffers, target.name, '') AS target_name,
    if(suffers, target.guid, '') AS target_guid,
    if(suffers, target.team, '') AS target_team,
    suffers AND target.bot AS target_bot,
    if(suffers, to_x, NULL) AS target_x,
    if(suffers, to_y, NULL) AS target_y,
    if(suffers, 8 * ground, NULL) AS target_z,
    if(suffers, 0, NULL) AS target_pitch,
    if(suffers, toInt32(g % 360) - 180, NULL) AS target_yaw,
    if(suffers, 'crouch', '') AS target_stance,
    if(armed, transform((actor_slot + match + if(h % 3 = 0, intDiv(g, 3), 0)) % 20, range(20), weapons, ''), '') AS weapon,
    if(fights OR word = 'weapon_hit', transform(intDiv(h, 1000) % 16, range(16), places, ''), '') AS hitloc,
    if(fights, transform(intDiv(h, 100) % 8, range(8), means, ''), '') AS mod,
    if(word = 'team_join' AND place >= 40, if(actor_slot % 2 = 0, 'axis', 'allies'), '') AS old_team,
    if(word = 'team_join', if(actor_slot % 2 = 0, 'allies', 'axis'), '') AS new_team,
    if(word IN ('match_end', 'intermission_start', 'round_end'), if(h_match % 2 = 0, 'allies', 'axis'), '') AS winning_team,
    if(word = 'player_say', transform(h % 12, range(12), sayings, ''), '') AS message,
    if(fights, hurt, NULL) AS damage,
    if(word = 'player_distance', way_1 / 8, NULL) AS walked,
    if(word = 'player_distance', way_2 / 8, NULL) AS sprinted,
    if(word = 'player_distance', 0, NULL) AS swam,
    if(word = 'player_distance', 0, NULL) AS driven,
    if(word = 'player_distance', (way_1 + way_2) / 8, NULL) AS distance,
    if(word = 'accuracy_summary', toInt32(20 + h % 40), NULL) AS fired,
    if(word = 'accuracy_summary', toInt32(h % 20), NULL) AS hits,
    if(scored, allies, NULL) AS allies_score,
    if(scored, axis, NULL) AS axis_score,
    if(word = 'heartbeat', toInt32(slots), NULL) AS player_count,
    concat(
        '{"type":"', word, '","match_id":"', match_id, '","session_id":"', session_id, '","seq":', toString(place),
        ',"timestamp":', seconds, ',"sent_at":', seconds, ',"map":"', map, '","gametype":"', gametype, '"',
        if(acts, concat(
            replaceAll(actor.json, '@', if(fights, 'attacker', 'player')),
            toString(at_x), if(fights, ',"attacker_y":', ',"player_y":'), toString(at_y),
            if(fights, ',"attacker_z":', ',"player_z":'), toString(8 * ground),
            if(fights, ',"attacker_pitch":0,"attacker_yaw":', ',"player_pitch":0,"player_yaw":'),
            toString(toInt32(h % 360) - 180), if(fights, ',"attacker_stance":"stand"', ',"player_stance":"stand"')
        ), ''),
        if(suffers, concat(
            replaceAll(target.json, '@', if(fights, 'victim', 'target')),
            toString(to_x), if(fights, ',"victim_y":', ',"target_y":'), toString(to_y),
            if(fights, ',"victim_z":', ',"target_z":'), toString(8 * ground),
            if(fights, ',"victim_pitch":0,"victim_yaw":', ',"target_pitch":0,"target_yaw":'),
            toString(toInt32(g % 360) - 180), if(fights, ',"victim_stance":"crouch"', ',"target_stance":"crouch"')
        ), ''),
        if(armed, concat(',"weapon":"', weapon, '"'), ''),
        if(hitloc = '', '', concat(',"hitloc":"', hitloc, '"')),
        if(fights, concat(',"mod":"', mod, '","damage":', toString(hurt)), ''),
        if(word = 'team_join', concat(',"old_team":"', old_team, '","new_team":"', new_team, '"'), ''),
        if(winning_team = '', '', concat(',"winning_team":"', winning_team, '"')),
        if(word = 'player_say', concat(',"message":"', message, '","is_team":false'), ''),
        if(word = 'player_distance', concat(
            ',"walked":', toString(way_1 / 8), ',"sprinted":', toString(way_2 / 8), ',"swam":0,"driven":0,"distance":',
            toString((way_1 + way_2) / 8)
        ), ''),
        if(word = 'accuracy_summary', concat(',"fired":', toString(20 + h % 40), ',"hits":', toString(h % 20)), ''),
        if(scored, concat(',"allies_score":', toString(allies), ',"axis_score":', toString(axis)), ''),
        if(word = 'heartbeat', concat(',"player_count":', toString(slots)), ''),
        '}'
    ) AS raw
FROM (
    SELECT
        toInt64(intDiv(number, 2000)) AS match,
        toInt64(number % 2000) AS place,
        intHash64(number) AS h,
        intHash64(h + 1) AS g,
        intHash64(match + 1000000007) AS h_match,
        toInt64({until_ms:Int64} - ({matches:Int64} - match) * 1878261 + place * 450) AS ms,
        1 + toInt64(floor(32 * pow(h_match / 18446744073709551616, 2))) AS server,
        intDiv(h_match, 64) % 20 * (intDiv(h_match, 4096) % 20) % 20 AS ground,
        8 + 2 * toInt64(intDiv(h_match, 16) % 5) AS slots,
        multiIf(
            place = 0, 'match_start',
            place <= slots, 'client_connect',
            place <= 2 * slots, 'team_join',
            place = 1998, 'intermission_start',
            place = 1999, 'match_end',
            place >= 1998 - slots, 'client_disconnect',
            transform(toUInt16(intDiv(h, 7) % 970), range(970), mix, '')
        ) AS drawn,
        -- Every other server does not report shots, and only bots do what bots do.
        multiIf(
            server % 2 = 1 AND drawn IN ('weapon_fire', 'weapon_hit', 'accuracy_summary'), 'player_jump',
            startsWith(drawn, 'bot_') AND NOT seats_a_bot(match, slots, if(drawn = 'bot_killed', target_slot, actor_slot)),
            'player_land',
            drawn
        ) AS word,
        word IN combat AS fights,
        fights OR word IN ('weapon_hit', 'bot_attack', 'bot_curious') AS suffers,
        -- One death in forty is nobody's doing.
        NOT word IN of_the_match AND NOT (word = 'player_kill' AND h % 40 = 7) AS acts,
        fights OR startsWith(word, 'weapon_') OR word IN ('accuracy_summary', 'bot_attack', 'grenade_throw') AS armed,
        word IN ('heartbeat', 'match_end', 'intermission_start') AS scored,
        multiIf(
            place <= slots, greatest(place - 1, 0),
            place <= 2 * slots, place - slots - 1,
            place >= 1998 - slots AND place < 1998, place - 1998 + slots,
            toInt64(intDiv(g, 11) % slots)
        ) AS actor_slot,
        -- An enemy, now and then a friend, now and then oneself.
        (actor_slot + multiIf(
            g % 32 = 5, 0,
            g % 32 = 6, 2,
            1 + 2 * (intDiv(h, 13) % intDiv(slots, 2))
        )) % slots AS target_slot,
        16 * match + actor_slot AS actor_seat,
        16 * match + target_slot AS target_seat,
        coordinate(g, ground) AS at_x,
        coordinate(intDiv(g, 16), ground + 100) AS at_y,
        coordinate(intDiv(h, 8), ground) AS to_x,
        coordinate(intDiv(h, 128), ground + 100) AS to_y,
        toInt32(5 + h % 120) AS hurt,
        toInt32(h % 8000) AS way_1,
        toInt32(g % 4000) AS way_2,
        toInt32(intDiv(place, 20)) AS allies,
        toInt32(allies + if(h_match % 2 = 0, -1, 1)) AS axis,
        concat(toString(intDiv(ms, 1000)), '.', leftPad(toString(ms % 1000), 3, '0')) AS seconds
    FROM numbers_mt({first:UInt64}, {count:UInt64})
) AS events
ANY LEFT JOIN people AS actor ON actor.seat = events.actor_seat
ANY LEFT JOIN people AS target ON target.seat = events.target_seat;

-- name: tables
SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name;

-- name: merges
SELECT table AS name FROM system.merges WHERE database = currentDatabase();

-- name: size
SELECT sum(bytes_on_disk) / greatest(sumIf(rows, table = 'raw_events'), 1) AS bytes
FROM system.parts
WHERE active AND database = currentDatabase();

-- name: players
-- The keenest, and others at random.
SELECT
    public_id(player_key) AS id,
    any(shown) AS name
FROM player_identities
WHERE NOT bot AND shown != ''
GROUP BY player_key
ORDER BY if({keenest:Bool}, sum(events), sipHash64(player_key) % 1000000007) DESC
LIMIT {limit:UInt32};

-- name: matches
SELECT public_id(match_key) AS id
FROM matches
GROUP BY match_key
ORDER BY sipHash64(match_key)
LIMIT {limit:UInt32};

-- name: maps
SELECT DISTINCT toString(map) AS name FROM map_daily ORDER BY name;

-- name: weapons
SELECT DISTINCT toString(weapon) AS name FROM weapon_daily ORDER BY name;

-- name: log_totals
SELECT
    count() AS events,
    uniqExact(server_id) AS servers,
    uniqExact(match_key) AS matches,
    sum(is_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS kills,
    max(time) AS last_time
FROM raw_events;

-- name: log_player
SELECT
    count() AS events,
    sum(actor_key = key AND is_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS kills,
    sum(target_key = key AND is_death(type, actor_key)) AS deaths,
    uniqExact(match_key) AS matches
FROM raw_events
INNER JOIN (SELECT reinterpretAsUInt64(reverse(unhex({player:String}))) AS key) AS who
    ON raw_events.actor_key = who.key OR raw_events.target_key = who.key;

-- name: log_leaderboard
SELECT
    actor_key,
    count() AS kills
FROM raw_events
WHERE is_kill(type, gametype, actor_key, actor_team, target_key, target_team)
GROUP BY actor_key
ORDER BY kills DESC
LIMIT 25;

-- name: log_weapon
SELECT
    actor_key,
    count() AS kills,
    sum(at_head(hitloc)) AS kill_headshots
FROM raw_events
WHERE weapon = {weapon:String} AND is_kill(type, gametype, actor_key, actor_team, target_key, target_team)
GROUP BY actor_key
ORDER BY kills DESC
LIMIT 10;

-- name: log_heatmap
SELECT
    tile_of(assumeNotNull(actor_x)) AS x,
    tile_of(assumeNotNull(actor_y)) AS y,
    count() AS count
FROM raw_events
WHERE map = {map:String} AND is_kill(type, gametype, actor_key, actor_team, target_key, target_team)
GROUP BY x, y;

-- name: log_match
SELECT
    actor_key,
    sum(is_kill(type, gametype, actor_key, actor_team, target_key, target_team)) AS kills
FROM raw_events
WHERE match_key = reinterpretAsUInt64(reverse(unhex({match:String})))
GROUP BY actor_key
ORDER BY kills DESC;

-- name: search_names
-- Names of two to four syllables, some with a clan's tag, a number, or colours; no two the same.
SELECT
    sipHash64('name', name) AS player_key,
    concat(
        if(h % 5 = 0, concat('[', upper(substring(hex(intDiv(h, 7)), 1, 2)), ']'), ''),
        if(h % 11 = 0, '^1', ''),
        initcap(arrayStringConcat(arrayMap(
            n -> splitByChar(' ', concat(
                'ka mo ri ta no shi be ra lu den vik sto gar mil fox han dor pel wim jo zan kul ber ost fin gre ',
                'tol mac ron sky win dal nor ves per bri qua lin dus hex tor bax yu cro wal mun pip zed kro nak'
            ))[1 + intDiv(sipHash64(number, n), 3) % 52],
            range(2 + h % 3)
        ))),
        if(h % 3 = 0, toString(intDiv(h, 13) % 100), ''),
        if(h % 17 = 0, concat('_', toString(number % 10)), '')
    ) AS name,
    display_name(name) AS shown,
    '' AS guid,
    false AS bot,
    now64(3) AS first_seen,
    now64(3) AS last_seen,
    1 + h % 1000 AS events
FROM (SELECT number, sipHash64(number) AS h FROM numbers({first:UInt64}, {count:UInt64}));

-- name: search_count
SELECT uniqExact(name) AS names FROM player_identities;

-- name: search_drawn
-- Some names, the same each time, of seven letters or more.
SELECT name, shown
FROM player_identities
WHERE match(shown, '^(\\[..\\])?[A-Z][a-z]{6,}')
ORDER BY sipHash64('drawn', name)
LIMIT {limit:UInt32};
