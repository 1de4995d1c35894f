-- Taking a person out: each of the person's keys becomes the key of a stand-in, in every table that has players.

-- name: identities
-- By what each key is known, the client id or the name that it is the hash of, and every name it was seen under.
SELECT
    player_key,
    max(player_identities.guid) AS client,
    arrayFilter(name -> name != '', groupUniqArray(player_identities.name)) AS names,
    arrayFilter(name -> name != '', groupUniqArray(player_identities.shown)) AS shown_names,
    multiIf(
        client != '' AND player_key = sipHash64('client', client), ('client', client),
        has(arrayMap(name -> sipHash64('name', name), shown_names), player_key),
        ('name', arrayFirst(name -> sipHash64('name', name) = player_key, shown_names)),
        has(arrayMap(name -> sipHash64('bot', name), shown_names), player_key),
        ('bot', arrayFirst(name -> sipHash64('bot', name) = player_key, shown_names)),
        ('', '')
    ) AS known_by
FROM (
    SELECT player_key, name, shown, guid FROM player_identities
    UNION ALL
    -- Whoever played only in matches that were left out is in no other table.
    SELECT
        part.1 AS player_key,
        part.2 AS name,
        display_name(name) AS shown,
        if(startsWith(part.3, 'unauth'), '', part.3) AS guid
    FROM raw_events_left_out
    ARRAY JOIN [(actor_key, actor_name, actor_guid), (target_key, target_name, target_guid)] AS part
) AS player_identities
WHERE player_key IN {keys:Array(UInt64)}
GROUP BY player_key
ORDER BY player_key;

-- name: namesakes
-- Other players who were seen under one of these names.
SELECT DISTINCT public_id(player_key) AS id
FROM player_identities
WHERE shown IN {names:Array(String)} AND shown != '' AND player_key NOT IN {keys:Array(UInt64)}
ORDER BY id
LIMIT 100;

-- name: keys_of
SELECT
    client,
    player_key('', client, false) AS player_key
FROM (SELECT arrayJoin({clients:Array(String)}) AS client);

-- name: tables
-- Every table but the log that has players: which rows have one of these keys, and how a row reads when they are the
-- stand-ins'. A player's key is told by its column's name; a test holds all columns against what is told here.
WITH
toString({keys:Array(UInt64)}) AS keys,
concat(', ', keys, ', ', toString({stand_ins:Array(UInt64)}), ', ') AS moved,
toString({clients:Array(String)}) AS clients,
concat('has(', keys, ', t.player_key)') AS is_own
SELECT
    table AS name,
    arrayStringConcat(groupArrayIf(replaced, replaced != ''), ', ') AS replacements,
    arrayStringConcat(groupArrayIf(held, held != ''), ' OR ') AS touched,
    concat('SELECT count() AS events FROM ', table, ' AS t WHERE ', touched) AS counted,
    concat('SELECT * FROM ', table, ' AS t WHERE ', touched) AS held_rows,
    concat(
        'SELECT * REPLACE (', replacements, ') FROM ', table, ' AS t SETTINGS insert_deduplicate = 0, max_insert_threads = 1'
    ) AS rewritten
FROM (
    SELECT
        c.table AS table,
        c.type = 'UInt64' AND match(c.name, '^(player|opponent|actor|target)(_key)?$') AS is_key,
        match(c.type, 'Array\\(UInt64\\)') AND c.name IN ('players', 'merged', 'fighters') AS is_keys,
        -- A lifeline's moments say against whom.
        c.name = 'lifeline' AS is_lifeline,
        concat('transform(k', moved, 'k)') AS one,
        multiIf(
            is_key AND c.name = 'player_key' AND c.table = 'match_results',
            -- Somebody with several keys in a match stands there under the least of them.
            concat('if(empty(t.merged), transform(t.player_key', moved, 't.player_key), ',
                'arrayMin(arrayMap(k -> ', one, ', arrayPushBack(t.merged, t.player_key)))) AS player_key'),
            is_key, concat('transform(t.', c.name, moved, 't.', c.name, ') AS ', c.name),
            -- A report knows its players by their places.
            is_keys AND c.name = 'fighters', concat('arrayMap(k -> ', one, ', t.fighters) AS fighters'),
            is_keys, concat('arraySort(arrayMap(k -> ', one, ', t.', c.name, ')) AS ', c.name),
            is_lifeline,
            concat('arrayMap((m, k) -> (m.1, m.2, m.3, ', one, ', m.5), t.lifeline, tupleElement(t.lifeline, 4))',
                ' AS lifeline'),
            c.name = 'guid',
            concat('transform(t.player_key, ', keys, ', ', clients, ', toString(t.guid)) AS guid'),
            c.name IN ('name', 'shown') AND position(c.type, 'Tuple') > 0,
            concat('(t.', c.name, '.1, if(', is_own, ', \'\', t.', c.name, '.2)) AS ', c.name),
            c.name IN ('name', 'shown'), concat('if(', is_own, ', \'\', t.', c.name, ') AS ', c.name),
            c.name = 'reason', concat('if(', is_own, ', \'\', t.reason) AS reason'),
            c.name = 'verified', concat('t.verified AND NOT ', is_own, ' AS verified'),
            ''
        ) AS replaced,
        multiIf(
            is_key, concat('has(', keys, ', t.', c.name, ')'),
            is_keys, concat('hasAny(', keys, ', t.', c.name, ')'),
            is_lifeline, concat('hasAny(', keys, ', tupleElement(t.lifeline, 4))'),
            ''
        ) AS held
    FROM system.columns AS c
    INNER JOIN system.tables AS e ON e.database = c.database AND e.name = c.table
    WHERE c.database = currentDatabase() AND endsWith(e.engine, 'MergeTree') AND NOT startsWith(c.table, 'raw_events')
        AND NOT match(c.table, '__(rebuilt|erased|moved)$')
    ORDER BY c.table, c.position
)
GROUP BY table
HAVING touched != ''
ORDER BY table;

-- name: leftovers
-- Tables beside another that an erasure or a move which was killed left behind.
SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '__(erased|moved)$');

-- name: told_in_log
-- How many events of each month name the person: as one of the two in it, or somewhere else in the original. The
-- original is searched for values, not for words: somebody may be called like a weapon.
WITH
match(message, {words:String}) OR match(vote_string, {words:String}) OR match(fail_reason, {words:String})
OR match(smf_member_name, {words:String}) OR has({members:Array(UInt64)}, toUInt64(ifNull(smf_member_id, 0)))
OR has({members:Array(UInt64)}, toUInt64(ifNull(actor_smf_id, 0)))
OR has({members:Array(UInt64)}, toUInt64(ifNull(target_smf_id, 0))) AS in_text,
multiSearchAny(raw, {needles:Array(String)})
AND NOT has({names:Array(String)}, actor_name) AND NOT has({names:Array(String)}, target_name)
AND (
    arrayExists(
        field -> field NOT IN {game_words:Array(String)},
        arrayConcat(extractAll(raw, {in_json:String}), extractAll(raw, {in_form:String}))
    )
    OR match(raw, {in_list:String})
) AS elsewhere
SELECT
    _partition_id AS partition,
    count() AS events
FROM {log:Identifier}
WHERE has({keys:Array(UInt64)}, actor_key) OR has({keys:Array(UInt64)}, target_key) OR in_text OR elsewhere
GROUP BY partition
ORDER BY partition;

-- name: log_without
-- A month of the log without the person. An event that names somebody keeps what its columns say, but no text of
-- people, and no original.
WITH
has({keys:Array(UInt64)}, l.actor_key) AS is_actor,
has({keys:Array(UInt64)}, l.target_key) AS is_target,
match(l.message, {words:String}) OR match(l.vote_string, {words:String}) OR match(l.fail_reason, {words:String})
OR match(l.smf_member_name, {words:String}) OR has({members:Array(UInt64)}, toUInt64(ifNull(l.smf_member_id, 0)))
OR has({members:Array(UInt64)}, toUInt64(ifNull(l.actor_smf_id, 0)))
OR has({members:Array(UInt64)}, toUInt64(ifNull(l.target_smf_id, 0))) AS in_text,
multiSearchAny(l.raw, {needles:Array(String)})
AND NOT has({names:Array(String)}, l.actor_name) AND NOT has({names:Array(String)}, l.target_name)
AND (
    arrayExists(
        field -> field NOT IN {game_words:Array(String)},
        arrayConcat(extractAll(l.raw, {in_json:String}), extractAll(l.raw, {in_form:String}))
    )
    OR match(l.raw, {in_list:String})
) AS elsewhere,
is_actor OR is_target OR in_text OR elsewhere AS named
SELECT
    * REPLACE (
        transform(l.actor_key, {keys:Array(UInt64)}, {stand_ins:Array(UInt64)}, l.actor_key) AS actor_key,
        if(is_actor, '', l.actor_name) AS actor_name,
        transform(l.actor_key, {keys:Array(UInt64)}, {clients:Array(String)}, l.actor_guid) AS actor_guid,
        if(is_actor OR has({members:Array(UInt64)}, toUInt64(ifNull(l.actor_smf_id, 0))), NULL, l.actor_smf_id)
            AS actor_smf_id,
        transform(l.target_key, {keys:Array(UInt64)}, {stand_ins:Array(UInt64)}, l.target_key) AS target_key,
        if(is_target, '', l.target_name) AS target_name,
        transform(l.target_key, {keys:Array(UInt64)}, {clients:Array(String)}, l.target_guid) AS target_guid,
        if(is_target OR has({members:Array(UInt64)}, toUInt64(ifNull(l.target_smf_id, 0))), NULL, l.target_smf_id)
            AS target_smf_id,
        if(named, '', l.message) AS message,
        if(named, '', l.vote_string) AS vote_string,
        if(named, '', l.fail_reason) AS fail_reason,
        if(named, '', l.smf_member_name) AS smf_member_name,
        if(named, NULL, l.smf_member_id) AS smf_member_id,
        if(named, '', l.raw) AS raw
    )
FROM {log:Identifier} AS l
WHERE _partition_id = {partition:String}
SETTINGS insert_deduplicate = 0, max_insert_threads = 1;

-- name: untouched
-- What taking somebody out leaves as it was.
SELECT
    count() AS events,
    sum(sipHash64(toString((
        server_id, session_id, seq, received_at, time, type, match_id, match_key, map, gametype, actor_team, target_team,
        actor_bot, target_bot, weapon, hitloc, mod, is_team, damage, walked, distance, fired, hits, round_number
    )))) AS checksum
FROM {table:Identifier}
WHERE {partition:String} IN ('', _partition_id);

-- name: chat
SELECT time, server_id, public_id(match_key) AS match, type, actor_name AS name, message, is_team
FROM (SELECT * FROM raw_events UNION ALL SELECT * FROM raw_events_left_out)
WHERE actor_key IN {keys:Array(UInt64)} AND message != ''
ORDER BY time, seq;
