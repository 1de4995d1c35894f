<?php

/**
 * Plays pages with the mod and a stand-in of SMF. Standard input says, in JSON, who looks, what they sent, and which
 * functions SMF calls; standard output says what came of it. Any warning of PHP is an error.
 */

declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message, string $file, int $line): never {
	throw new ErrorException($message, 0, $level, $file, $line);
});

$asked = json_decode((string) stream_get_contents(STDIN), true, 64, JSON_THROW_ON_ERROR);
require __DIR__ . '/smf.php';
$mod = dirname(__DIR__, 3) . '/smf_bridge/mod';
foreach (['Hooks', 'Pages', 'Admin', 'Task'] as $file)
	require $mod . '/AfterAction/' . $file . '.php';

$scripturl = 'https://forum.example.org/index.php';
$modSettings = $asked['settings'] ?? [];
$user_info = ($asked['user'] ?? []) + ['id' => 7, 'name' => 'Ann', 'groups' => [0, 4], 'permissions' => ['mohaa_view', 'mohaa_play'], 'language' => 'english', 'is_guest' => false];
$context = ($asked['context'] ?? []) + ['session_var' => 'f00d', 'session_id' => 'secret<"', 'linktree' => []];
$rows = $asked['rows'] ?? [];
$txt = [];
// As SMF does with what stands in an address.
$_GET = array_map(static fn($value) => is_string($value) ? htmlspecialchars($value, ENT_QUOTES) : $value, $asked['get'] ?? []);
$_POST = $asked['post'] ?? [];
$_SERVER['REQUEST_METHOD'] = $_POST === [] ? 'GET' : 'POST';

$steps = [];
foreach ($asked['steps'] as [$function, $arguments])
{
	$modSettings = ($asked['between'] ?? []) !== [] && $steps !== [] ? $asked['between'] + $modSettings : $modSettings;
	$ended = null;
	$returned = null;
	$references = [];
	foreach ($arguments as $key => $_)
		$references[] = &$arguments[$key];
	unset($context['afteraction']);
	ob_start();
	$started = hrtime(true);
	try
	{
		$returned = $function === 'file' ? require $mod . '/' . $arguments[0] : call_user_func_array($function, $references);
		if (isset($context['afteraction']))
			template_afteraction();
	}
	catch (Ended $end)
	{
		$ended = $end->getMessage();
	}
	$steps[] = [
		'seconds' => (hrtime(true) - $started) / 1e9,
		'html' => ob_get_clean(),
		'ended' => $ended,
		'returned' => $returned,
		'arguments' => $arguments,
		'told' => $told,
		'settings' => $modSettings,
		'context' => $context,
		'txt' => array_filter($txt, static fn($key) => str_starts_with((string) $key, 'alert_aa_'), ARRAY_FILTER_USE_KEY),
	];
	$told = [];
}
echo json_encode($steps, JSON_THROW_ON_ERROR | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
