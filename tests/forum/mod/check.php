<?php

/**
 * Reads the mod's PHP as tokens, and prints a line for whatever the house does not want in it.
 */

declare(strict_types=1);

$mod = dirname(__DIR__, 3) . '/smf_bridge/mod';
const SUPERGLOBALS = ['$_GET', '$_POST', '$_REQUEST', '$_SERVER', '$_COOKIE', '$_SESSION', '$_FILES', '$_ENV', '$GLOBALS'];
const NEVER = ['exec', 'system', 'passthru', 'shell_exec', 'proc_open', 'popen', 'assert', 'unserialize', 'extract', 'parse_str', 'create_function', 'file_get_contents', 'file_put_contents', 'fopen', 'mail', 'ini_set', 'set_time_limit', 'var_dump', 'print_r', 'var_export', 'phpinfo', 'call_user_func', 'call_user_func_array'];
/** Of PHP 8.1 and later: the mod runs on 8.0. */
const TOO_NEW = ['array_is_list', 'array_find', 'array_any', 'array_all', 'json_validate', 'str_increment', 'mb_str_pad', 'mb_trim', 'fsync', 'ini_parse_quantity', 'enum_exists'];
/** What a template may echo besides literals: the escaper, our words, addresses of SMF, what the bridge has escaped. */
const ECHOED = '~^(AfterActionForum::e\(|AfterActionHooks::frame\(|\$txt\[|\$scripturl$|\$button\[|\$shown\[\'html\'\]$|\'[^\']*\'$)~';

/** The code's tokens without spaces and comments, each as [kind, text, line]. */
function tokens(string $file): array
{
	$found = [];
	$line = 1;
	foreach (token_get_all((string) file_get_contents($file), TOKEN_PARSE) as $token)
	{
		[$kind, $text, $line] = is_array($token) ? $token : [0, $token, $line];
		if (!in_array($kind, [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true))
			$found[] = [$kind, $text, $line];
	}

	return $found;
}

/** The functions that files define outside of classes, and those of the stand-in. */
function defined_in(array $files): array
{
	$names = [];
	foreach ($files as $file)
		foreach (($all = tokens($file)) as $at => [$kind])
			if ($kind === T_FUNCTION && ($all[$at + 1][0] ?? 0) === T_STRING)
				$names[] = strtolower($all[$at + 1][1]);

	return $names;
}

/** The expressions of an echo that begins at a token. */
function echoed(array $all, int $at): array
{
	$parts = [''];
	$depth = 0;
	for ($i = $at + 1; isset($all[$i]) && ($all[$i][1] !== ';' || $depth > 0); ++$i)
	{
		$text = $all[$i][1];
		$depth += in_array($text, ['(', '['], true) ? 1 : (in_array($text, [')', ']'], true) ? -1 : 0);
		if ($text === ',' && $depth === 0)
			$parts[] = '';
		else
			$parts[count($parts) - 1] .= $text;
	}

	return $parts;
}

$files = [...(glob($mod . '/*.php') ?: []), ...(glob($mod . '/*/*.php') ?: [])];
$known = array_merge(get_defined_functions()['internal'], defined_in([...$files, __DIR__ . '/smf.php', ...(glob(__DIR__ . '/sources/*.php') ?: [])]));
$words = [];
foreach (['english', 'german'] as $language)
{
	$txt = [];
	require $mod . '/languages/AfterAction.' . $language . '.php';
	$words[$language] = $txt;
}
$problems = [];
foreach ($files as $file)
{
	$name = substr($file, strlen($mod) + 1);
	$all = tokens($file);
	foreach ($all as $at => [$kind, $text, $line])
	{
		$before = $all[$at - 1][1] ?? '';
		$after = $all[$at + 1][1] ?? '';
		$is_call = $kind === T_STRING && $after === '(' && !in_array($before, ['->', '?->', '::', 'function', 'new'], true);
		$wrong = match (true) {
			$kind === T_VARIABLE && in_array($text, SUPERGLOBALS, true) && $name !== 'AfterAction/Forum.php' => 'a superglobal outside of Forum.php',
			in_array($kind, [T_EVAL, T_GOTO, T_INLINE_HTML], true), $text === '`', $text === '@' => 'is not used here',
			defined('T_READONLY') && $kind === T_READONLY, defined('T_ENUM') && $kind === T_ENUM => 'is newer than PHP 8.0',
			$text === '...' && $after === ')' => 'is newer than PHP 8.0',
			in_array($kind, [T_INCLUDE, T_INCLUDE_ONCE, T_REQUIRE, T_REQUIRE_ONCE], true) && $after !== '__DIR__' && $after !== '$sourcedir' => 'what it loads is not certain',
			$is_call && in_array(strtolower($text), NEVER, true) => 'is not called here',
			$is_call && in_array(strtolower($text), TOO_NEW, true) => 'is newer than PHP 8.0',
			$is_call && !in_array(strtolower($text), $known, true) => 'is known neither to PHP nor as a function of SMF',
			in_array($kind, [T_ECHO, T_PRINT], true) && $name !== 'AfterAction.template.php' && $name !== 'AfterAction/Pages.php' => 'only the template writes',
			$text === '$txt' && $after === '[' && ($all[$at + 2][0] ?? 0) === T_CONSTANT_ENCAPSED_STRING && $all[$at + 3][1] === ']' && !isset($words['english'][trim($all[$at + 2][1], "'")]) => 'a word that no language has',
			default => '',
		};
		if ($wrong !== '')
			$problems[] = "$name:$line: $text: $wrong";
		if ($kind === T_ECHO && $name === 'AfterAction.template.php')
			foreach (echoed($all, $at) as $part)
				if (preg_match(ECHOED, $part) !== 1)
					$problems[] = "$name:$line: echoes $part";
	}
	if (str_starts_with($name, 'AfterAction/') && !str_contains((string) file_get_contents($file), 'declare(strict_types=1);'))
		$problems[] = "$name: does not declare strict types";
}
foreach ([array_diff_key($words['english'], $words['german']), array_diff_key($words['german'], $words['english'])] as $only)
	foreach ($only as $key => $_)
		$problems[] = "languages: $key is in one language only";
foreach ($words['english'] as $key => $word)
	if (preg_match_all('~%\d\$s~', $word, $one) !== preg_match_all('~%\d\$s~', $words['german'][$key] ?? '', $other) || $one !== $other)
		$problems[] = "languages: $key has other places to fill in";
echo implode("\n", $problems), $problems === [] ? '' : "\n";
exit($problems === [] ? 0 : 1);
