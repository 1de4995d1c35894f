<?php

/** What the stand-in knows of members' wishes: settings named `pref_MEMBER_NAME`. */
function getNotifyPrefs($members, $prefs = '', $process_default = false)
{
	global $modSettings;

	$found = [];
	foreach ((array) $members as $member)
		foreach ((array) $prefs as $pref)
			$found[$member][$pref] = $modSettings['pref_' . $member . '_' . $pref] ?? 1;

	return $found;
}
