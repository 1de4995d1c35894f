<?php

/**
 * Run by the package manager when the mod is installed or upgraded. What is there stays as it is.
 */

if (!defined('SMF'))
	die('The package manager runs this.');

global $modSettings, $smcFunc;

foreach (require __DIR__ . '/hooks.php' as $hook => $function)
	add_integration_function($hook, $function, true, '$sourcedir/AfterAction/Hooks.php');

$smcFunc['db_insert'](
	'ignore',
	'{db_prefix}scheduled_tasks',
	['next_time' => 'int', 'time_offset' => 'int', 'time_regularity' => 'int', 'time_unit' => 'string', 'disabled' => 'int', 'task' => 'string', 'callable' => 'string'],
	[time(), 0, 5, 'm', 0, 'afteraction', '$sourcedir/AfterAction/Task.php|AfterActionTask::run'],
	['id_task']
);

$settings_before = $modSettings;
$wanted = [
	'afteraction_live_block' => '1',
	'afteraction_cards' => '1',
	'afteraction_breaker' => '0,0',
];
updateSettings(array_diff_key($wanted, $settings_before) + ['next_task_time' => time()]);

// The first time: everybody sees, members play and found teams. After that it is the admin's to say.
// SMF keeps no setting that was never anything but empty.
if (!isset($settings_before['afteraction_breaker']))
{
	$groups = [-1, 0];
	$request = $smcFunc['db_query']('', '
		SELECT id_group
		FROM {db_prefix}membergroups
		WHERE id_group NOT IN ({array_int:without})
			AND min_posts = {int:by_hand}',
		['without' => [1, 3], 'by_hand' => -1]
	);
	while ($row = $smcFunc['db_fetch_row']($request))
		$groups[] = (int) $row[0];
	$smcFunc['db_free_result']($request);

	$permissions = [];
	foreach ($groups as $group)
		foreach (['mohaa_view', 'mohaa_play', 'mohaa_team_create'] as $permission)
			if ($group !== -1 || $permission === 'mohaa_view')
				$permissions[] = [$group, $permission, 1];
	$smcFunc['db_insert'](
		'ignore',
		'{db_prefix}permissions',
		['id_group' => 'int', 'permission' => 'string', 'add_deny' => 'int'],
		$permissions,
		['id_group', 'permission']
	);
}

// Kinds of alerts, on until somebody turns them off.
$alerts = [];
foreach (['unlock', 'invite', 'match', 'address'] as $kind)
	$alerts[] = [0, 'afteraction_' . $kind, 1];
$smcFunc['db_insert'](
	'ignore',
	'{db_prefix}user_alerts_prefs',
	['id_member' => 'int', 'alert_pref' => 'string', 'alert_value' => 'int'],
	$alerts,
	['id_member', 'alert_pref']
);
