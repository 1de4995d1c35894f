<?php

// Which of SMF's hooks the mod hears, and by which function. Installing adds them, removing removes these alone.
return [
	'integrate_actions' => 'AfterActionHooks::actions',
	'integrate_menu_buttons' => 'AfterActionHooks::menu',
	'integrate_profile_areas' => 'AfterActionHooks::profile',
	'integrate_load_permissions' => 'AfterActionHooks::permissions',
	'integrate_load_illegal_guest_permissions' => 'AfterActionHooks::guestPermissions',
	'integrate_admin_areas' => 'AfterActionHooks::adminMenu',
	'integrate_modify_modifications' => 'AfterActionHooks::adminPages',
	'integrate_manage_scheduled_tasks' => 'AfterActionHooks::taskNames',
	'integrate_bbc_codes' => 'AfterActionHooks::bbc',
	'integrate_mark_read_button' => 'AfterActionHooks::infoCentre',
	'who_allowed' => 'AfterActionHooks::whoMay',
	'integrate_theme_context' => 'AfterActionHooks::whoPlays',
	'integrate_alert_types' => 'AfterActionHooks::alertTypes',
	'integrate_fetch_alerts' => 'AfterActionHooks::alerts',
];
