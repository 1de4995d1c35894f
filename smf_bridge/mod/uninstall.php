<?php

/**
 * Run by the package manager when the mod is removed: the forum is as it was. The bridge's own tables, with teams and
 * tournaments, are not the mod's, and stay.
 */

if (!defined('SMF'))
	die('The package manager runs this.');

global $smcFunc;

$hooks = require __DIR__ . '/hooks.php';
foreach ($hooks as $hook => $function)
	remove_integration_function($hook, $function, true, '$sourcedir/AfterAction/Hooks.php');

// Those who have alerts of ours that they did not read.
$unread = [];
$request = $smcFunc['db_query']('', '
	SELECT id_member, COUNT(*)
	FROM {db_prefix}user_alerts
	WHERE content_type = {literal:aa}
		AND is_read = 0
	GROUP BY id_member',
	[]
);
while ($row = $smcFunc['db_fetch_row']($request))
	$unread[(int) $row[0]] = (int) $row[1];
$smcFunc['db_free_result']($request);

$smcFunc['db_query']('', 'DELETE FROM {db_prefix}user_alerts WHERE content_type = {literal:aa}', []);
foreach (array_keys($unread) as $member)
{
	$request = $smcFunc['db_query']('', '
		SELECT COUNT(*)
		FROM {db_prefix}user_alerts
		WHERE id_member = {int:member}
			AND is_read = 0',
		['member' => $member]
	);
	list ($left) = $smcFunc['db_fetch_row']($request);
	$smcFunc['db_free_result']($request);
	updateMemberData($member, ['alerts' => (int) $left]);
}

$ours = ['like' => 'afteraction\_%', 'mohaa' => ['mohaa_view', 'mohaa_play', 'mohaa_team_create', 'mohaa_tournament_create', 'mohaa_manage'], 'hooks' => array_keys($hooks), 'empty' => ''];
foreach ([
	'DELETE FROM {db_prefix}user_alerts_prefs WHERE alert_pref LIKE {string:like}',
	'DELETE FROM {db_prefix}permissions WHERE permission IN ({array_string:mohaa})',
	'DELETE FROM {db_prefix}log_scheduled_tasks WHERE id_task IN (SELECT id_task FROM {db_prefix}scheduled_tasks WHERE task = {literal:afteraction})',
	'DELETE FROM {db_prefix}scheduled_tasks WHERE task = {literal:afteraction}',
	'DELETE FROM {db_prefix}settings WHERE variable LIKE {string:like}',
	// A hook that nobody hears any more leaves an empty setting.
	'DELETE FROM {db_prefix}settings WHERE variable IN ({array_string:hooks}) AND value = {string:empty}',
] as $sql)
	$smcFunc['db_query']('', $sql, $ours);

// SMF keeps what it read of them.
updateSettings(['settings_updated' => time()]);
