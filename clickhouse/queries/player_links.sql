-- name: link
-- Clients to members: their stats belong to the member's key from now on. Member 0: to nobody but themselves.
INSERT INTO player_links
SELECT
    player_key('', pair.1, false) AS player_key,
    if(pair.2 = 0, player_key, sipHash64('member', toString(pair.2))) AS player,
    pair.2 != 0 AS verified,
    now64(3) AS updated_at
FROM (SELECT arrayJoin(arrayZip({clients:Array(String)}, {members:Array(UInt64)})) AS pair);

-- name: moment
SELECT toUnixTimestamp64Milli(now64(3)) AS at;

-- name: unlink_older
-- What was proved once and is no more: every verified link that was not written since.
INSERT INTO player_links
SELECT player_key, player_key AS player, false AS verified, now64(3) AS updated_at
FROM player_links
GROUP BY player_key
HAVING argMax(player_links.verified, player_links.updated_at)
    AND max(player_links.updated_at) < fromUnixTimestamp64Milli({since:Int64});

-- name: member
SELECT public_id(sipHash64('member', toString({member:UInt64}))) AS id;

-- name: members
SELECT member, public_id(sipHash64('member', toString(member))) AS id
FROM (SELECT arrayJoin({members:Array(UInt64)}) AS member)
WHERE id IN {players:Array(String)};

-- name: member_key
SELECT sipHash64('member', toString({member:UInt64})) AS key;

-- name: key
-- The key of a client, or of a mere name where there is no id.
SELECT player_key({name:String}, {client:String}, false) AS key;

-- name: seen
-- Any of some keys under which something was counted.
SELECT player_key AS key FROM player_identities WHERE player_key IN {keys:Array(UInt64)} LIMIT 1;

-- name: point
-- Keys to the players whom they stand for from now on, without proof: an admin's word.
INSERT INTO player_links
SELECT
    pair.1 AS player_key,
    pair.2 AS player,
    false AS verified,
    now64(3) AS updated_at
FROM (SELECT arrayJoin(arrayZip({keys:Array(UInt64)}, {players:Array(UInt64)})) AS pair);

-- name: current
SELECT player_key, player, verified FROM player_links FINAL WHERE player_key IN {keys:Array(UInt64)};
