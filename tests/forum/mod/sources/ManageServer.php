<?php

function prepareDBSettingContext(&$config_vars)
{
	told('prepareDBSettingContext', array_map(static fn($each) => $each[1] ?? '', array_filter($config_vars, 'is_array')));
}

/** As the true one saves texts and passwords. */
function saveDBSettings(&$config_vars)
{
	$set = [];
	foreach ($config_vars as $each)
	{
		$sent = is_array($each) ? $_POST[$each[1]] ?? null : null;
		if ($sent !== null && $each[0] === 'text')
			$set[$each[1]] = $sent;
		elseif ($sent !== null && $each[0] === 'password' && isset($sent[1]) && $sent[0] === $sent[1])
			$set[$each[1]] = $sent[0];
	}
	updateSettings($set);
}
