-- name: define
-- Defined anew at each start: it holds nothing that known_people does not say, and a server's password may be another.
CREATE OR REPLACE DICTIONARY people
(
    player_key UInt64,
    player UInt64,
    verified Bool,
    bot Bool,
    flagged Bool,
    keys Array(UInt64)
)
PRIMARY KEY player_key
SOURCE(CLICKHOUSE(TABLE 'known_people'))
LAYOUT(HASHED())
LIFETIME(MIN 1 MAX 2);

-- name: is_there
-- Not yet, in the middle of the upgrade that brings it.
SELECT count() > 0 AS there FROM system.dictionaries WHERE database = currentDatabase() AND name = 'people';

-- name: reload
SYSTEM RELOAD DICTIONARY people;
