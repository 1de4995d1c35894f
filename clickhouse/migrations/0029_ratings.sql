-- How good a player was believed to be before and after each match. No view fills it: api/ratings/job.py does, match
-- after match, and everything after a match that comes late is computed anew.

-- Matches that have ended, as they are rated: who was in them, by person, and what came of it.
CREATE VIEW IF NOT EXISTS line_ups AS
SELECT
    ended.match_key AS match_key,
    parts.gametype AS gametype,
    parts.started_ms AS started_ms,
    parts.length AS length,
    parts.winning_team AS winning_team,
    if(ended.scored, [ended.allies, ended.axis], []) AS score,
    parts.entrants AS entrants,
    sipHash64(match_key, gametype, started_ms, length, winning_team, score, entrants) AS digest
FROM (
    SELECT
        match_key,
        max(matches.score) AS last_score,
        toUnixTimestamp64Milli(last_score.1) > 0 AS scored,
        last_score.3 AS allies,
        last_score.4 AS axis
    FROM matches
    GROUP BY match_key
    HAVING max(matches.ended_at) IS NOT NULL
) AS ended
INNER JOIN (
    SELECT
        match_key,
        toString(max(p.gametype)) AS gametype,
        max(p.started_ms) AS started_ms,
        max(p.length) AS length,
        toString(max(p.winning_team)) AS winning_team,
        arraySort(groupArray((p.player, toString(p.team), p.kills, p.playtime, p.bot))) AS entrants
    FROM (
        SELECT
            r.match_key AS match_key,
            ifNull(links.player, r.player_key) AS player,
            max(r.gametype) AS gametype,
            max(toUnixTimestamp64Milli(r.started_at)) AS started_ms,
            max(r.length) AS length,
            max(r.winning_team) AS winning_team,
            argMax(r.team, r.last_seen) AS team,
            sum(r.kills) AS kills,
            sum(r.playtime) AS playtime,
            player IN (SELECT player FROM bot_players) AS bot
        FROM (SELECT * FROM match_results FINAL WHERE player_key != 0) AS r
        LEFT JOIN (SELECT player_key, player FROM player_links FINAL) AS links ON links.player_key = r.player_key
        GROUP BY match_key, player
    ) AS p
    GROUP BY match_key
) AS parts ON parts.match_key = ended.match_key;

CREATE TABLE IF NOT EXISTS ratings
(
    gametype LowCardinality(String),
    started_at DateTime64(3, 'UTC') COMMENT 'of the match: its first event',
    match_key UInt64,
    player_key UInt64 COMMENT 'the person, after links; 0: the match itself',
    version UInt64,
    sign Int8,
    chain UInt64 COMMENT 'of the match: digests of all up to it, added up; on its own row only',
    mu_before Int64 COMMENT 'millionths, as the rest',
    sigma_before Int64,
    mu Int64 COMMENT 'after the match',
    sigma Int64,
    team LowCardinality(String),
    rank UInt32 COMMENT '1: the best, or the winning side',
    share Int64 COMMENT 'of the length of the match that the player was in it',
    expected Int64 COMMENT 'share of the others to be beaten, or chance to win',
    result Int64 COMMENT 'what came of it'
)
ENGINE = VersionedCollapsingMergeTree(sign, version)
ORDER BY (gametype, started_at, match_key, player_key)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
