-- name: told
-- What reports depend on, for a glance: nothing is to be done while it stays the same. Matches close by silence, too: of
-- those that are silent, all events are.
SELECT
    (SELECT sum(sign * sipHash64(match_key, version)) FROM match_results WHERE player_key = 0) AS results,
    (
        SELECT sum(matches.events) FROM matches WHERE received_at < now64(3) - INTERVAL {silence:UInt32} SECOND
    ) AS silent;

-- name: stale
-- Matches that are over, and whose report is not of these rules or not of their present results.
SELECT
    match_key,
    results.version AS settled,
    results.events AS events
FROM match_results AS results FINAL
WHERE player_key = 0
    AND match_key IN (
        SELECT match_key
        FROM matches
        GROUP BY match_key
        HAVING max(ended_at) IS NOT NULL OR max(received_at) < now64(3) - INTERVAL {silence:UInt32} SECOND
    )
    AND (match_key, results.version, results.events) NOT IN (
        SELECT match_key, settled, events FROM {reports:Identifier} FINAL WHERE rules = {rules:String}
    )
ORDER BY match_key;

-- name: settled
SELECT
    match_key,
    results.version AS settled,
    results.events AS events
FROM match_results AS results FINAL
WHERE player_key = 0 AND match_key = {match:UInt64};

-- name: moments
-- What reports are made of: deaths and objectives, in the order of (time, seq). With each player stands the person,
-- after links. Ties are broken by what happened before they are by whom it happened to. `came`: between which times the
-- matches' events were received. raw_events_view believes no clock that is more than a day ahead, so none came sooner than
-- a day before it happened; the log's other months are not looked into.
WITH (
    SELECT (groupArray(player_key), groupArray(player))
    FROM (SELECT 0::UInt64 AS player_key, player_key AS player UNION ALL SELECT player_key, player FROM player_links FINAL)
) AS links,
(
    SELECT (min(matches.first_time) - INTERVAL 1 DAY, max(matches.received_at))
    FROM matches
    WHERE match_key IN {matches:Array(UInt64)}
) AS came
SELECT
    e.match_key AS match_key,
    toString(e.gametype) AS gametype,
    toUnixTimestamp64Milli(e.time) AS at,
    multiIf(
        is_kill(e.type, e.gametype, e.actor_key, e.actor_team, e.target_key, e.target_team), 'kill',
        is_team_kill(e.type, e.gametype, e.actor_key, e.actor_team, e.target_key, e.target_team), 'team_kill',
        is_death(e.type, e.actor_key), 'suicide',
        'objective'
    ) AS kind,
    e.actor_key AS actor_key,
    transform(e.actor_key, links.1, links.2, e.actor_key) AS actor,
    toString(e.actor_team) AS actor_team,
    e.target_key AS target_key,
    transform(e.target_key, links.1, links.2, e.target_key) AS target,
    toString(e.target_team) AS target_team,
    toString(e.weapon) AS weapon,
    toString(e.hitloc) AS hitloc,
    toString(e.mod) AS mod,
    if(abs(e.actor_x) < 131072 AND abs(e.actor_y) < 131072, [e.actor_x, e.actor_y, ifNull(e.actor_z, 0)], []) AS actor_place,
    if(abs(e.target_x) < 131072 AND abs(e.target_y) < 131072, [e.target_x, e.target_y, ifNull(e.target_z, 0)], [])
        AS target_place
FROM raw_events AS e
WHERE (e.server_id, e.match_id) IN (
    SELECT max(matches.server_id), max(matches.match_id)
    FROM matches
    WHERE match_key IN {matches:Array(UInt64)}
    GROUP BY match_key
)
    AND e.received_at >= came.1 AND e.received_at <= came.2
    AND (is_death(e.type, e.actor_key) OR e.type = 'objective_capture')
ORDER BY
    match_key, e.time, e.seq, e.session_id, kind, weapon, hitloc, mod, actor_place, target_place, actor_key, target_key
-- A match that never ends is told up to here.
LIMIT {limit:UInt32} BY match_key;

-- name: made
-- Reports in the place of the older ones. They are inserted as one block: all of them or none. With each stands for
-- how long weapons were in hand, where taking them and spawning are told: kills count in these matches only. `came` is
-- that of `moments`.
WITH
(SELECT max(version) FROM {reports:Identifier}) AS last_version,
(
    SELECT (min(matches.first_time) - INTERVAL 1 DAY, max(matches.received_at))
    FROM matches
    WHERE match_key IN {matches:Array(UInt64)}
) AS came,
parts AS (
    SELECT
        e.match_key AS match_key,
        if(is_death(e.type, e.actor_key), e.target_key, e.actor_key) AS player_key,
        groupArray((
            toUnixTimestamp64Milli(e.time),
            e.seq,
            toInt8(
                e.type = 'weapon_change'
                OR (e.type IN ('player_spawn', 'player_respawn') AND e.actor_team != 'spectator')
            ),
            if(e.type = 'weapon_change', toString(if(e.new_weapon != '', e.new_weapon, e.weapon)), '')
        )) AS moments,
        countIf(e.type = 'weapon_change') AS changes,
        countIf(e.type IN ('player_spawn', 'player_respawn')) AS spawns,
        groupArrayIf(
            (toString(e.weapon), e.actor_key),
            is_kill(e.type, e.gametype, e.actor_key, e.actor_team, e.target_key, e.target_team)
        ) AS dying
    FROM raw_events AS e
    WHERE (e.server_id, e.match_id) IN (
        SELECT max(matches.server_id), max(matches.match_id)
        FROM matches
        WHERE match_key IN {matches:Array(UInt64)}
        GROUP BY match_key
    )
        AND e.received_at >= came.1 AND e.received_at <= came.2
        AND (
            is_death(e.type, e.actor_key)
            OR e.type IN ('weapon_change', 'player_spawn', 'player_respawn', 'player_spectate', 'client_disconnect')
            OR (e.type = 'team_join' AND NOT is_playing_team(canonical_team(e.new_team)))
        )
    GROUP BY match_key, player_key
),
held AS (
    SELECT
        match_key,
        weapon,
        toUInt64(sum(milliseconds)) AS milliseconds,
        toUInt64(sum(kills)) AS kills
    FROM (
        SELECT
            parts.match_key AS match_key,
            arrayJoin(in_hand(parts.moments, ends.last_ms)) AS stretch,
            stretch.1 AS weapon,
            stretch.2 AS milliseconds,
            0 AS kills
        FROM parts
        INNER JOIN (
            SELECT match_key, toUnixTimestamp64Milli(max(last_time)) AS last_ms
            FROM matches
            WHERE match_key IN {matches:Array(UInt64)}
            GROUP BY match_key
        ) AS ends ON ends.match_key = parts.match_key
        UNION ALL
        SELECT match_key, ('', 0) AS stretch, arrayJoin(dying).1 AS weapon, 0 AS milliseconds, 1 AS kills
        FROM parts
    )
    WHERE match_key IN (SELECT match_key FROM parts GROUP BY match_key HAVING sum(changes) > 0 AND sum(spawns) > 0)
    GROUP BY match_key, weapon
    HAVING milliseconds > 0
)
SELECT
    report.1 AS match_key,
    last_version + 1 AS version,
    {rules:String} AS rules,
    report.2 AS settled,
    report.3 AS events,
    report.4 AS fighters,
    report.5 AS document,
    told.hands AS hands
FROM (
    SELECT arrayJoin(arrayZip(
        {matches:Array(UInt64)},
        {settled:Array(UInt64)},
        {events:Array(UInt64)},
        {fighters:Array(Array(UInt64))},
        {documents:Array(String)}
    )) AS report
) AS reports
LEFT JOIN (
    SELECT match_key, arraySort(groupArray((weapon, milliseconds, kills))) AS hands FROM held GROUP BY match_key
) AS told ON told.match_key = reports.report.1
SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1048576, insert_deduplicate = 0;

-- name: one
SELECT
    rules,
    events,
    arrayMap(key -> person_of(key), fighters) AS people,
    document
FROM match_reports FINAL
WHERE match_key = {match:UInt64};

-- name: people
-- Whom keys belong to, after links.
SELECT arrayMap(key -> person_of(key), {keys:Array(UInt64)}) AS people;

-- name: tile_edge
SELECT tile_edge() AS edge;
