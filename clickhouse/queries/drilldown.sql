-- name: grouped
-- One metric by one dimension, from the log itself; ClickHouse reads what these two need. The metric's expression is
-- that of its board: what player_daily and player_acts add up stands here under the same names, event by event. An event
-- stands once for who did it and once for whom it was done to. A dimension is a text, '' where it is not known.
SELECT
    part,
    toFloat64(counted) AS value,
    events
FROM (
    SELECT
        {by:Identifier} AS part,
        count() AS events,
        {value:Expression} AS counted
    FROM (
        SELECT
            toDate(e.time) AS day,
            e.server_id AS server_id,
            did AND is_kill(e.type, e.gametype, actor_key, actor_team, target_key, target_team) AS kills,
            NOT did AND is_death(e.type, actor_key) AS deaths,
            NOT did AND is_suicide(e.type, actor_key, target_key) AS suicides,
            did AND is_team_kill(e.type, e.gametype, actor_key, actor_team, target_key, target_team) AS team_kills,
            kills AND at_head(e.hitloc) AS kill_headshots,
            kills AND e.mod = 'bash' AS bash_kills,
            kills AND e.mod = 'grenade' AS grenade_kills,
            e.type = 'player_damage'
            AND is_enemy(e.gametype, actor_key, actor_team, target_key, target_team) AS hurting,
            e.type = 'player_damage'
            AND is_team_mate(e.gametype, actor_key, actor_team, target_key, target_team) AS hurting_a_mate,
            if(did AND hurting, thousandths(e.damage), 0) AS damage_dealt,
            if(NOT did AND hurting, thousandths(e.damage), 0) AS damage_taken,
            if(did AND hurting_a_mate, thousandths(e.damage), 0) AS friendly_damage,
            if(did, shots_of(e.type, e.fired), 0) AS shots,
            if(did, hits_of(e.type, e.hits), 0) AS hits,
            did AND e.type = 'player_say' AS chat_lines,
            did AND e.type = 'player_jump' AS jumps,
            did AND e.type = 'weapon_reload' AS reloads,
            did AND e.type = 'grenade_throw' AS grenades,
            did AND e.type IN ('item_pickup', 'health_pickup', 'ammo_pickup', 'armor_pickup') AS pickups,
            did AND e.type = 'objective_capture' AS objectives,
            did AND e.type = 'player_distance' AS moved,
            if(moved, thousandths(e.distance), 0) AS distance,
            if(moved, thousandths(e.walked), 0) AS walked,
            if(moved, thousandths(e.sprinted), 0) AS sprinted,
            if(moved, thousandths(e.swam), 0) AS swam,
            if(moved, thousandths(e.driven), 0) AS driven,
            -- As player_acts has it: that table counts rows of these.
            multiIf(
                kills, 'kill',
                deaths, 'death',
                did AND e.type NOT IN ('player_kill', 'player_death'), e.type,
                ''
            ) AS act,
            kind_of(act, e.mod, e.item, e.item_name, e.is_team) AS kind,
            1 AS acts,
            amount_of(act, e.fall_height, e.jump_height, e.count) AS amount,
            amount AS most,
            public_id(person_of(player_key)) AS player,
            if(target_key != 0, public_id(person_of(target_key)), '') AS victim,
            if(
                target_key != 0 AND actor_key NOT IN (0, target_key),
                public_id(person_of(actor_key)),
                ''
            ) AS killer,
            toString(e.weapon) AS weapon,
            toString(e.map) AS map,
            toString(e.gametype) AS gametype,
            toString(e.hitloc) AS hitloc,
            toString(e.mod) AS cause,
            toString(item_of(e.item, e.item_name)) AS item,
            toString(e.server_id) AS server,
            toString(if(did, e.actor_stance, e.target_stance)) AS stance,
            leftPad(toString(toHour(e.time)), 2, '0') AS hour,
            toString(toDayOfWeek(e.time)) AS weekday,
            ifNull(
                toString(intDiv(
                    toUInt32(sqrt(
                        pow(actor_x - target_x, 2) + pow(actor_y - target_y, 2) + pow(actor_z - target_z, 2)
                    )),
                    {band:UInt32}
                ) * {band:UInt32}),
                ''
            ) AS reach
        FROM raw_events AS e
        ARRAY JOIN
            if(target_key = 0, [actor_key], [actor_key, target_key]) AS player_key,
            if(target_key = 0, [true], [true, false]) AS did
        WHERE player_key != 0
            AND (empty({acts:Array(String)}) OR act IN {acts:Array(String)})
            AND (empty({reporting:Array(String)}) OR e.server_id IN (
                SELECT server_id FROM event_types WHERE type IN {reporting:Array(String)}
            ))
            AND e.time >= toDateTime({since:Date}, 'UTC') AND e.time < toDateTime({until:Date}, 'UTC')
            -- No event is told before it happens, but for a day by which clocks may differ.
            AND e.received_at >= toDateTime({since:Date}, 'UTC') - INTERVAL 1 DAY
            AND ({server:UInt32} = 0 OR e.server_id = {server:UInt32})
            AND ({map:String} = '' OR e.map = {map:String})
            AND ({gametype:String} = '' OR e.gametype = {gametype:String})
            AND ({weapon:String} = '' OR e.weapon = {weapon:String})
            AND ({hitloc:String} = '' OR e.hitloc = {hitloc:String})
            AND ({cause:String} = '' OR e.mod = {cause:String})
            AND (empty({players:Array(UInt64)}) OR player_key IN {players:Array(UInt64)})
            AND (empty({victims:Array(UInt64)}) OR target_key IN {victims:Array(UInt64)})
            AND (
                empty({killers:Array(UInt64)})
                OR (target_key NOT IN (0, actor_key) AND actor_key IN {killers:Array(UInt64)})
            )
            AND ({stance:String} = '' OR stance = {stance:String})
            AND ({reach:String} = '' OR reach = {reach:String})
            AND ({hour:String} = '' OR hour = {hour:String})
            AND ({weekday:String} = '' OR weekday = {weekday:String})
            AND ({item:String} = '' OR item = {item:String})
            AND is_asked_for(person_of(player_key), {bots:String})
    )
    GROUP BY part
)
WHERE counted > 0 AND part != ''
    AND NOT ({ranks:Bool} AND is_flagged(reinterpretAsUInt64(reverse(unhex(toString(part))))))
ORDER BY if({in_order:Bool}, 0, counted) DESC, part
LIMIT {limit:UInt32}
SETTINGS
    max_rows_to_read = 20000000, read_overflow_mode = 'throw',
    max_execution_time = 5, timeout_overflow_mode = 'throw',
    max_memory_usage = 1000000000;

-- name: matched
-- One metric that follows from whole matches, by what is known of a match: the metric's expression over the rows of
-- match_results. A match belongs to the hour and the day on which it began.
SELECT
    part,
    toFloat64(assumeNotNull(counted)) AS value,
    events
FROM (
    SELECT
        toString({by:Identifier}) AS part,
        count() AS events,
        {value:Expression} AS counted
    FROM (
        SELECT
            *,
            public_id(person_of(player_key)) AS player,
            toString(server_id) AS server,
            leftPad(toString(toHour(started_at)), 2, '0') AS hour,
            toString(toDayOfWeek(started_at)) AS weekday
        FROM match_results
        WHERE player_key != 0 AND sign = 1
            AND (player_key, match_key, version) NOT IN (
                SELECT player_key, match_key, version FROM match_results WHERE sign = -1
            )
            AND toDate(started_at) >= {since:Date} AND toDate(started_at) < {until:Date}
            AND ({server:UInt32} = 0 OR server_id = {server:UInt32})
            AND ({map:String} = '' OR map = {map:String})
            AND ({gametype:String} = '' OR gametype = {gametype:String})
            AND ({hour:String} = '' OR hour = {hour:String})
            AND ({weekday:String} = '' OR weekday = {weekday:String})
            AND (empty({players:Array(UInt64)}) OR player_key IN {players:Array(UInt64)})
            AND (empty({reporting:Array(String)}) OR server_id IN (
                SELECT server_id FROM event_types WHERE type IN {reporting:Array(String)}
            ))
            AND is_asked_for(person_of(player_key), {bots:String})
    )
    GROUP BY part
)
WHERE counted IS NOT NULL AND part != '' AND (counted > 0 OR {signed:Bool})
    AND NOT ({ranks:Bool} AND is_flagged(reinterpretAsUInt64(reverse(unhex(part)))))
ORDER BY if({in_order:Bool}, 0, if({lowest:Bool}, -value, value)) DESC, part
LIMIT {limit:UInt32}
SETTINGS
    max_rows_to_read = 20000000, read_overflow_mode = 'throw',
    max_execution_time = 5, timeout_overflow_mode = 'throw',
    max_memory_usage = 1000000000;

-- name: rated
-- What was gained in ratings, by what is known of the matches that it was gained in.
SELECT
    part,
    toFloat64(counted) AS value,
    events
FROM (
    SELECT
        toString({by:Identifier}) AS part,
        count() AS events,
        {value:Expression} AS counted
    FROM (
        SELECT
            (r.mu - r.mu_before) / 1000000 AS gained,
            public_id(r.player_key) AS player,
            toString(m.server_id) AS server,
            m.map AS map,
            r.gametype AS gametype,
            leftPad(toString(toHour(r.started_at)), 2, '0') AS hour,
            toString(toDayOfWeek(r.started_at)) AS weekday
        FROM ratings AS r FINAL
        INNER JOIN (
            SELECT match_key, server_id, map FROM match_results FINAL WHERE player_key = 0
        ) AS m ON m.match_key = r.match_key
        WHERE r.player_key != 0
            AND toDate(r.started_at) >= {since:Date} AND toDate(r.started_at) < {until:Date}
            AND ({server:UInt32} = 0 OR m.server_id = {server:UInt32})
            AND ({map:String} = '' OR m.map = {map:String})
            AND ({gametype:String} = '' OR r.gametype = {gametype:String})
            AND ({hour:String} = '' OR hour = {hour:String})
            AND ({weekday:String} = '' OR weekday = {weekday:String})
            AND (empty({players:Array(UInt64)}) OR r.player_key IN {players:Array(UInt64)})
            AND is_asked_for(r.player_key, {bots:String})
    )
    GROUP BY part
)
WHERE part != ''
    AND NOT ({ranks:Bool} AND is_flagged(reinterpretAsUInt64(reverse(unhex(part)))))
ORDER BY if({in_order:Bool}, 0, counted) DESC, part
LIMIT {limit:UInt32}
SETTINGS
    max_rows_to_read = 20000000, read_overflow_mode = 'throw',
    max_execution_time = 5, timeout_overflow_mode = 'throw',
    max_memory_usage = 1000000000;
