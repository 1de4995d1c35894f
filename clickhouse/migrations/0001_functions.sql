-- What SQL elsewhere agrees on: whom a row is about, and which words it uses.

-- Colour codes and control characters do not make another name.
CREATE FUNCTION IF NOT EXISTS display_name AS (name) ->
    trimBoth(replaceRegexpAll(name, '\\^[0-9]|[\\x00-\\x1f\\x7f]', ''));

-- The hash by which a player is known before a forum member is linked to it: by client id, else by name.
-- A slot number ("unauth_3") is no person. Bots are kept apart, so that nobody shares a row with a bot of
-- the same name. 0 is nobody.
CREATE FUNCTION IF NOT EXISTS player_key AS (name, guid, bot) -> multiIf(
    bot AND name != '', sipHash64('bot', display_name(name)),
    guid != '' AND NOT startsWith(guid, 'unauth'), sipHash64('client', guid),
    name != '', sipHash64('name', display_name(name)),
    0
);

-- The engine speaks of american and german, boards of allies and axis.
CREATE FUNCTION IF NOT EXISTS canonical_team AS (team) ->
    transform(lower(team), ['american', 'allied', 'german'], ['allies', 'allies', 'axis'], lower(team));

-- The engine's numbers and the words that servers use for them; any other word stays as it is.
CREATE FUNCTION IF NOT EXISTS canonical_gametype AS (gametype) -> transform(
    lower(trimBoth(gametype)),
    [
        '0', '1', '2', '3', '4', '5', '6', 'single player', 'single-player', 'singleplayer',
        'dm', 'deathmatch', 'free for all', 'free-for-all', 'team', 'team deathmatch',
        'team match', 'team-match', 'round', 'round based', 'round-based', 'roundbased', 'obj',
        'objective match', 'objective-match', 'tug of war', 'tug-of-war', 'lib'
    ],
    [
        'sp', 'ffa', 'tdm', 'rounds', 'objective', 'tow', 'liberation', 'sp', 'sp', 'sp', 'ffa',
        'ffa', 'ffa', 'ffa', 'tdm', 'tdm', 'tdm', 'tdm', 'rounds', 'rounds', 'rounds', 'rounds',
        'objective', 'objective', 'objective', 'tow', 'tow', 'liberation'
    ],
    lower(trimBoth(gametype))
);

-- The first of three that says something: an event names a player under one of several prefixes.
CREATE FUNCTION IF NOT EXISTS first_text AS (a, b, c) -> multiIf(a != '', a, b != '', b, c);
