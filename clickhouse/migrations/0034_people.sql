-- Who a key belongs to, and what is said of that person, as every query asks it. Links, bots and marks are few, but
-- to join them costs each query some milliseconds of planning; so they are kept in memory, in the dictionary `people`
-- (clickhouse/queries/people.sql), and asked by the functions below.

-- A row for each key of which anything is said. A key without a row is a person of its own.
CREATE VIEW IF NOT EXISTS known_people AS
SELECT
    player_key,
    player,
    max(verified) OVER person AS verified,
    max(bot) OVER person AS bot,
    max(flagged) OVER person AS flagged,
    groupArray(player_key) OVER person AS keys
FROM (
    SELECT
        said.player_key AS player_key,
        if(max(said.player) = 0, player_key, max(said.player)) AS player,
        max(said.verified) AS verified,
        max(said.bot) AS bot,
        max(said.flagged) AS flagged
    FROM (
        SELECT player_key, player, verified, false AS bot, false AS flagged FROM player_links FINAL
        UNION ALL
        SELECT player_links.player AS player_key, 0 AS player, false AS verified, false AS bot, false AS flagged
        FROM player_links FINAL
        UNION ALL
        SELECT player_key, 0 AS player, false AS verified, true AS bot, false AS flagged FROM bot_keys
        UNION ALL
        SELECT player_key, 0 AS player, false AS verified, false AS bot, flagged FROM player_marks FINAL WHERE flagged
    ) AS said
    GROUP BY player_key
)
WINDOW person AS (PARTITION BY player);

-- The key that stands for the person whom a key belongs to.
CREATE FUNCTION IF NOT EXISTS person_of AS (key) -> dictGetOrDefault('people', 'player', key, key);

-- All keys of a person, by the key that stands for them.
CREATE FUNCTION IF NOT EXISTS keys_of AS (person) -> dictGetOrDefault('people', 'keys', person, [person]);

CREATE FUNCTION IF NOT EXISTS is_bot AS (person) -> toBool(dictGetOrDefault('people', 'bot', person, false));

CREATE FUNCTION IF NOT EXISTS is_flagged AS (person) -> toBool(dictGetOrDefault('people', 'flagged', person, false));

CREATE FUNCTION IF NOT EXISTS is_verified AS (person) -> toBool(dictGetOrDefault('people', 'verified', person, false));

-- Whether a person belongs to what is asked for: 'exclude' bots, 'include' them, or 'only' them.
CREATE FUNCTION IF NOT EXISTS is_asked_for AS (person, bots) -> bots = 'include' OR is_bot(person) = (bots = 'only');
