<?php

$txt['afteraction'] = 'Game stats';
$txt['afteraction_teams'] = 'Teams';
$txt['afteraction_tournaments'] = 'Tournaments';
$txt['afteraction_achievements'] = 'Achievements';
$txt['afteraction_record'] = 'Combat record';
$txt['afteraction_identity'] = 'Game identity';
$txt['afteraction_login'] = 'Log in to the stats';
$txt['afteraction_export'] = 'Download all of it';
$txt['afteraction_all'] = 'All stats';
$txt['afteraction_live'] = 'Live now';
$txt['afteraction_playing_on'] = 'Playing on %1$s, %2$s';
$txt['afteraction_card_player'] = 'Player';
$txt['afteraction_card_match'] = 'Match';
$txt['afteraction_card_leaderboard'] = 'Leaderboard';

$txt['afteraction_copy'] = 'Stats are resting for a moment. This is how it looked on %1$s.';
$txt['afteraction_problem_away'] = 'Stats are resting for a moment. Please come back in a minute; the rest of the forum is as ever.';
$txt['afteraction_problem_busy'] = 'That was much at once. Please come back in a minute.';
$txt['afteraction_problem_garbage'] = 'Stats cannot be shown right now: the answer was not understood.';
$txt['afteraction_problem_setup'] = 'Stats are not set up yet.';
$txt['afteraction_problem_forbidden'] = 'Sorry, this is not for you.';
$txt['afteraction_problem_missing'] = 'There is nothing here.';
$txt['afteraction_problem_wrong'] = 'That did not work.';
$txt['afteraction_elsewhere'] = 'The stats wanted to send you to a place that is not theirs. Please tell an administrator: the address of the site in the settings, and AFTERACTION_PUBLIC_URL, must be the same.';
$txt['afteraction_to_settings'] = 'Settings';

$txt['afteraction_url'] = 'Address of After Action, for the forum';
$txt['afteraction_url_help'] = 'As this web server reaches it: http://127.0.0.1:8080 or https://stats.example.org';
$txt['afteraction_key'] = 'Key of the forum';
$txt['afteraction_key_none'] = 'afteraction key add forum &quot;our board&quot; prints one';
$txt['afteraction_key_set'] = 'A key is set. Leave both fields empty to keep it.';
$txt['afteraction_site'] = 'Address of the site, for browsers';
$txt['afteraction_site_help'] = 'As browsers reach it. Empty where both are the same.';
$txt['afteraction_live_block'] = 'Show what is live in the info centre';
$txt['afteraction_cards'] = 'Show [player=&hellip;], [match=&hellip;] and [leaderboard=&hellip;] as cards';
$txt['afteraction_cards_help'] = 'Otherwise they are links. A community whose stats are closed wants links.';
$txt['afteraction_bad_address'] = 'An address begins with http:// or https://, and has no user, no question mark and no #.';
$txt['afteraction_test'] = 'Try it';
$txt['afteraction_test_help'] = 'Asks After Action with the settings that are saved, and says what is wrong.';
$txt['afteraction_test_good'] = 'After Action answers, knows the key and this forum, and shows your combat record.';
$txt['afteraction_advice_setup'] = 'Fill in the address and the key, and save. PHP needs its curl extension.';
$txt['afteraction_advice_key'] = 'Make a key with: afteraction key add forum &quot;our board&quot;';
$txt['afteraction_advice_clock'] = 'Set the clocks of both machines; they may differ by a minute.';
$txt['afteraction_advice_proxy'] = 'Something between the forum and After Action changes the address of requests.';
$txt['afteraction_advice_forum'] = 'Is the address right, with nothing behind it? Is AFTERACTION_FORUM_URL set, and does it name this forum&rsquo;s database and prefix?';
$txt['afteraction_advice_database'] = '&quot;afteraction doctor&quot; says which database is away.';
$txt['afteraction_advice_reach'] = 'Does After Action run, and does this web server reach that address within a second?';

$txt['permissiongroup_afteraction'] = 'Game stats';
$txt['permissionname_mohaa_view'] = 'See game stats, teams and tournaments';
$txt['permissionhelp_mohaa_view'] = 'Combat records in profiles, teams, tournaments, achievements, and who is in a game.';
$txt['permissionname_mohaa_play'] = 'Have a game identity';
$txt['permissionhelp_mohaa_play'] = 'Get codes to log in to the game, join teams, register for tournaments.';
$txt['permissionname_mohaa_team_create'] = 'Found teams';
$txt['permissionhelp_mohaa_team_create'] = 'Found a team, and invite others.';
$txt['permissionname_mohaa_tournament_create'] = 'Create tournaments';
$txt['permissionhelp_mohaa_tournament_create'] = 'Create tournaments, and run those.';
$txt['permissionname_mohaa_manage'] = 'Run every team and tournament';
$txt['permissionhelp_mohaa_manage'] = 'Do what captains and a tournament&rsquo;s staff can do, everywhere.';

$txt['alert_group_afteraction'] = 'Game stats';
$txt['alert_afteraction_unlock'] = 'When I earn an achievement';
$txt['alert_afteraction_invite'] = 'When a team invites me, or mine has news';
$txt['alert_afteraction_match'] = 'When my match is next, or my tournament has news';
$txt['alert_afteraction_address'] = 'When somebody wants to play as me from a new address';

$txt['whoallow_afteraction'] = 'Looking at <a href="%1$s?action=afteraction">game stats</a>.';
$txt['scheduled_task_afteraction'] = 'Game stats';
$txt['scheduled_task_desc_afteraction'] = 'Fetches alerts, and who is in a game, from After Action.';
