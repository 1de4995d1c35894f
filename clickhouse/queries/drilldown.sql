-- name: grouped
-- One metric by one dimension, from the log itself; ClickHouse reads what these two need. An event stands once for who
-- did it and once for whom it was done to, as in player_daily. A dimension is a text, '' where it is not known.
WITH (
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links
SELECT
    part,
    toFloat64({metric:Identifier}) AS value,
    events
FROM (
    SELECT
        {by:Identifier} AS part,
        count() AS events,
        sum(killing) AS kills,
        sum(dying) AS deaths,
        kd_of(kills, deaths) AS kd,
        sum(killing AND at_the_head) AS headshots,
        if(kills = 0, NULL, headshots / kills) AS headshot_ratio,
        sum(killing AND cause = 'bash') AS bash,
        sum(killing AND cause = 'grenade') AS grenade,
        sum(killing_a_mate) AS team_kills,
        sum(NOT did AND is_suicide(type, actor_key, target_key)) AS suicides,
        sum(if(did AND hurting, points, 0)) / 1000 AS damage,
        sum(if(NOT did AND hurting, points, 0)) / 1000 AS damage_taken,
        sum(if(did, shots_of(type, fired), 0)) AS shots,
        sum(if(did, hits_of(type, hit), 0)) AS hits,
        sum(did AND type = 'player_say') AS chat_lines,
        sum(did AND type = 'player_jump') AS jumps,
        sum(did AND type = 'weapon_reload') AS reloads,
        sum(did AND type IN ('item_pickup', 'health_pickup', 'ammo_pickup', 'armor_pickup')) AS items,
        sum(did AND type = 'objective_capture') AS objectives,
        sum(if(did AND type = 'player_distance', way, 0)) / 1000 AS distance
    FROM (
        SELECT
            type,
            actor_key,
            target_key,
            did,
            did AND is_kill(type, e.gametype, actor_key, actor_team, target_key, target_team) AS killing,
            NOT did AND is_death(type, actor_key) AS dying,
            did AND is_team_kill(type, e.gametype, actor_key, actor_team, target_key, target_team) AS killing_a_mate,
            type = 'player_damage'
            AND is_enemy(e.gametype, actor_key, actor_team, target_key, target_team) AS hurting,
            at_head(e.hitloc) AS at_the_head,
            thousandths(e.damage) AS points,
            thousandths(e.distance) AS way,
            e.fired AS fired,
            e.hits AS hit,
            public_id(transform(player_key, links.1, links.2, player_key)) AS player,
            if(
                did AND target_key NOT IN (0, actor_key),
                public_id(transform(target_key, links.1, links.2, target_key)),
                ''
            ) AS victim,
            if(
                NOT did AND actor_key NOT IN (0, target_key),
                public_id(transform(actor_key, links.1, links.2, actor_key)),
                ''
            ) AS killer,
            toString(e.weapon) AS weapon,
            toString(e.map) AS map,
            toString(e.gametype) AS gametype,
            toString(e.hitloc) AS hitloc,
            toString(e.mod) AS cause,
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
            AND (
                empty({victims:Array(UInt64)})
                OR (did AND actor_key != target_key AND target_key IN {victims:Array(UInt64)})
            )
            AND (
                empty({killers:Array(UInt64)})
                OR (NOT did AND actor_key != target_key AND actor_key IN {killers:Array(UInt64)})
            )
            AND ({bots:String} = 'include' OR (transform(player_key, links.1, links.2, player_key) IN (
                SELECT transform(player_key, links.1, links.2, player_key) FROM bot_keys
            )) = ({bots:String} = 'only'))
    )
    GROUP BY part
)
WHERE value > 0 AND part != ''
    AND NOT ({ranks:Bool} AND part IN (
        SELECT public_id(transform(player_key, links.1, links.2, player_key)) FROM player_marks FINAL WHERE flagged
    ))
ORDER BY if({in_order:Bool}, 0, value) DESC, part
LIMIT {limit:UInt32}
SETTINGS
    max_rows_to_read = 20000000, read_overflow_mode = 'throw',
    max_execution_time = 5, timeout_overflow_mode = 'throw',
    max_memory_usage = 1000000000;
