<?php

/**
 * What the mod needs of SMF, in one place: who is looking, what they sent, settings, the cache, addresses.
 *
 * No other file of the mod reads a superglobal.
 */

declare(strict_types=1);

require_once __DIR__ . '/Client.php';

final class AfterActionForum implements AfterActionMemory
{
	/** Those that members can be given. Guests can have none but the first. */
	public const PERMISSIONS = ['mohaa_view', 'mohaa_play', 'mohaa_team_create', 'mohaa_tournament_create', 'mohaa_manage'];
	/** Of the scheduled task, which no member has. */
	public const TASK = 'mohaa_task';
	/** Seconds for which a copy may be shown while After Action is away. */
	private const KEPT_SECONDS = 900;

	public static function setting(string $name): string
	{
		global $modSettings;

		return (string) ($modSettings['afteraction_' . $name] ?? '');
	}

	public static function client(): AfterActionClient
	{
		return new AfterActionClient(self::setting('url'), self::setting('key'), new self());
	}

	/** Where browsers find the site, without a slash at the end; empty while nothing is set. */
	public static function site(): string
	{
		$site = rtrim(self::setting('site') ?: self::setting('url'), '/');

		return AfterActionClient::isAddress($site) ? $site : '';
	}

	/** Whether an address is on the site. */
	public static function isOnSite(string $url): bool
	{
		$here = parse_url(self::site());
		$there = parse_url($url);
		if (!is_array($here) || !is_array($there) || preg_match('~^https?://[\x21-\x7e]+$~D', $url) !== 1 || strpos($url, '\\') !== false)
			return false;
		foreach (['scheme', 'host', 'port', 'user', 'pass'] as $part)
			if (strtolower((string) ($here[$part] ?? '')) !== strtolower((string) ($there[$part] ?? '')))
				return false;

		return true;
	}

	/**
	 * What a statement says of who is looking.
	 *
	 * @return array<string, mixed>
	 */
	public static function viewer(string $page): array
	{
		global $scripturl, $user_info;

		return [
			'member' => (int) $user_info['id'],
			'name' => mb_substr(html_entity_decode((string) $user_info['name'], ENT_QUOTES | ENT_HTML5, 'UTF-8'), 0, 255),
			'groups' => array_slice(array_values(array_map('intval', $user_info['groups'])), 0, 200),
			'permissions' => array_values(array_filter(self::PERMISSIONS, 'allowedTo')),
			'language' => mb_substr((string) $user_info['language'], 0, 100),
			'page' => strlen($page) <= 2000 ? $page : '',
			'areas' => $scripturl . '?action=afteraction;at=',
		];
	}

	/**
	 * What a statement says of the scheduled task.
	 *
	 * @return array<string, mixed>
	 */
	public static function task(): array
	{
		return ['member' => 0, 'permissions' => [self::TASK]];
	}

	/** The area that was asked for, without /forum/; SMF has escaped what stands in an address. */
	public static function at(): string
	{
		$at = $_GET['at'] ?? '';

		return is_string($at) ? htmlspecialchars_decode($at, ENT_QUOTES) : '';
	}

	public static function isForm(): bool
	{
		return ($_SERVER['REQUEST_METHOD'] ?? '') === 'POST';
	}

	/** Our fields of a form that was sent with POST, urlencoded. */
	public static function form(): string
	{
		return self::fields($_POST, false);
	}

	/** Our fields of a form that was sent with GET, urlencoded. */
	public static function asked(): string
	{
		return self::fields($_GET, true);
	}

	public static function has(string $name): bool
	{
		return isset($_GET[$name]);
	}

	/** A field of the settings page, or null. */
	public static function sent(string $name): ?string
	{
		$value = $_POST[$name] ?? null;

		return is_string($value) ? trim($value) : null;
	}

	public static function replaceSent(string $name, string $value): void
	{
		$_POST[$name] = $value;
	}

	public static function withdrawSent(string $name): void
	{
		unset($_POST[$name]);
	}

	/** Whether the two fields of the key are empty, as they are where nobody typed one. */
	public static function isKeyUntouched(): bool
	{
		return implode('', array_filter((array) ($_POST['afteraction_key'] ?? []), 'is_string')) === '';
	}

	public static function showSaved(): void
	{
		$_SESSION['adm-save'] = true;
	}

	/** Where an area stands in the forum. */
	public static function address(string $at): string
	{
		global $scripturl;

		return $scripturl . '?action=afteraction;at=' . rawurlencode($at);
	}

	/**
	 * Keep an answer, to be shown to the same one while After Action is away.
	 *
	 * @param array<string, mixed> $who
	 */
	public static function keep(string $path, array $who, AfterActionAnswer $answer): void
	{
		cache_put_data(self::cacheKey($path, $who), ['at' => time(), 'data' => $answer->data], self::KEPT_SECONDS);
	}

	/**
	 * @param array<string, mixed> $who
	 * @return array{at: int, data: array<string, mixed>}|null
	 */
	public static function kept(string $path, array $who): ?array
	{
		$found = cache_get_data(self::cacheKey($path, $who), self::KEPT_SECONDS);

		return is_array($found) && isset($found['at'], $found['data']) ? $found : null;
	}

	/** @param array<string, mixed> $who */
	public static function forget(string $path, array $who): void
	{
		cache_put_data(self::cacheKey($path, $who), null, 0);
	}

	public static function e(string $text): string
	{
		return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
	}

	public function breaker(): array
	{
		$parts = array_map('intval', explode(',', self::setting('breaker')));

		return [$parts[0] ?? 0, $parts[1] ?? 0];
	}

	public function keepBreaker(int $failures, int $until, string $cause): void
	{
		updateSettings(['afteraction_breaker' => $failures . ',' . $until]);
		if ($cause !== '' && $failures === AfterActionClient::FAILURES)
			log_error('After Action is away: ' . self::e($cause), 'general');
	}

	/** @param array<mixed> $from */
	private static function fields(array $from, bool $escaped): string
	{
		$ours = [];
		foreach ($from as $name => $value)
			foreach (is_array($value) ? $value : [$value] as $one)
				if (is_string($one) && preg_match('~^aa_[A-Za-z0-9_.-]{1,60}$~D', (string) $name) === 1)
					$ours[] = rawurlencode((string) $name) . '=' . rawurlencode($escaped ? htmlspecialchars_decode($one, ENT_QUOTES) : $one);

		return implode('&', $ours);
	}

	/** @param array<string, mixed> $who */
	private static function cacheKey(string $path, array $who): string
	{
		return 'afteraction-' . hash('sha256', json_encode([$path, $who, self::setting('url')], JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR));
	}
}
