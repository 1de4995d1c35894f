<?php

/**
 * A stand-in for those functions of SMF that the mod calls, made from what SMF documents of them. It writes down what it
 * is told, and ends a page by an exception where SMF ends the process.
 */

declare(strict_types=1);

define('SMF', 'stand-in');

final class Ended extends Exception
{
}

$told = [];
$kept = [];
$sourcedir = __DIR__ . '/sources';

function told(string $what, mixed ...$with): void
{
	global $told;

	$told[] = [$what, ...$with];
}

function loadLanguage(string $template): string
{
	global $txt, $user_info;

	$folder = dirname(__DIR__, 3) . '/smf_bridge/mod/languages/';
	require $folder . $template . '.english.php';
	if ($user_info['language'] !== 'english')
		require $folder . $template . '.' . $user_info['language'] . '.php';

	return $user_info['language'];
}

function loadTemplate(string $name): void
{
	require_once dirname(__DIR__, 3) . '/smf_bridge/mod/' . $name . '.template.php';
}

function allowedTo(string|array $permission): bool
{
	global $user_info;

	return array_intersect((array) $permission, $user_info['permissions']) !== [];
}

function isAllowedTo(string|array $permission): void
{
	if (!allowedTo($permission))
		throw new Ended('not allowed');
}

function checkSession(string $type = 'post'): void
{
	global $context;

	$sent = $type === 'get' ? $_GET : $_POST;
	if (htmlspecialchars_decode($sent[$context['session_var']] ?? '', ENT_QUOTES) !== $context['session_id'])
		throw new Ended('session');
	told('checkSession', $type);
}

function redirectexit(string $to = ''): void
{
	throw new Ended('redirect ' . $to);
}

function fatal_lang_error(string $error): void
{
	throw new Ended('error ' . $error);
}

function obExit(?bool $header = null): void
{
	throw new Ended('exit');
}

function send_http_status(int $status): void
{
	told('status', $status);
}

function timeformat(int $time): string
{
	// As SMF says it: with marks.
	return '<strong>Today</strong> at ' . gmdate('H:i', $time);
}

function cache_put_data(string $key, mixed $value, int $seconds = 120): void
{
	global $kept;

	// As SMF keeps it: as JSON.
	$kept[$key] = $value === null ? null : json_encode($value);
}

function cache_get_data(string $key, int $seconds = 120): mixed
{
	global $kept;

	return isset($kept[$key]) ? json_decode($kept[$key], true) : null;
}

function updateSettings(array $changed): void
{
	global $modSettings;

	foreach ($changed as $name => $value)
		// What was never there and is empty is not kept.
		if (isset($modSettings[$name]) || (string) $value !== '')
			$modSettings[$name] = (string) $value;
	told('updateSettings', array_keys($changed));
}

function log_error(string $message, string $type = 'general'): void
{
	told('log_error', $message);
}

function updateMemberData(int $member, array $data): void
{
	told('updateMemberData', $member, $data);
}

function loadCSSFile(string $file, array $parameters = [], string $id = ''): void
{
	told('css', $file, $parameters);
}

function add_integration_function(string $hook, string $function, bool $permanent = true, string $file = '', bool $object = false): void
{
	global $modSettings;

	$there = array_filter(explode(',', $modSettings[$hook] ?? ''));
	$modSettings[$hook] = implode(',', array_unique([...$there, $file . '|' . $function]));
}

function remove_integration_function(string $hook, string $function, bool $permanent = true, string $file = '', bool $object = false): void
{
	global $modSettings;

	$modSettings[$hook] = implode(',', array_diff(explode(',', $modSettings[$hook] ?? ''), [$file . '|' . $function]));
}

/** Rows for the next queries, one list a query. */
$rows = [];
$smcFunc = [
	'db_query' => static function (string $identifier, string $sql, array $values = []): ArrayIterator {
		global $rows;

		told('db_query', trim((string) preg_replace('~\s+~', ' ', $sql)), $values);

		return new ArrayIterator(str_starts_with(trim($sql), 'SELECT') ? array_shift($rows) ?? [] : []);
	},
	'db_fetch_row' => static function (ArrayIterator $found): array|false {
		$row = $found->valid() ? $found->current() : false;
		$found->next();

		return $row;
	},
	'db_free_result' => static function (ArrayIterator $found): void {
	},
	'db_insert' => static function (string $method, string $table, array $columns, array $data, array $keys): void {
		told('db_insert', $method, $table, $data);
	},
];
