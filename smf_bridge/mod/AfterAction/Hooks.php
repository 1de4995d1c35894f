<?php

/**
 * What SMF calls on many pages. Nothing in this file asks After Action: a slow one never slows these pages.
 */

declare(strict_types=1);

require_once __DIR__ . '/Forum.php';

final class AfterActionHooks
{
	/** What can stand in [player=...], [match=...] and [leaderboard=...], where it leads, and how tall its card is. */
	private const CARDS = [
		'player' => ['[0-9a-f]{16}', 'players', 300],
		'match' => ['[A-Za-z0-9._:\~-]{1,100}', 'matches', 300],
		'leaderboard' => ['[a-z][a-z0-9_]{0,60}', 'leaderboards', 420],
	];
	/** Kinds of alerts, as members turn them on and off; as the bridge names them. */
	public const ALERTS = ['unlock', 'invite', 'match', 'address'];

	/** @param array<string, array{0: string|false, 1: mixed}> $actions */
	public static function actions(array &$actions): void
	{
		$actions['afteraction'] = ['AfterAction/Pages.php', 'AfterActionPages::area'];
	}

	/** @param array<string, array<string, mixed>> $buttons */
	public static function menu(array &$buttons): void
	{
		global $scripturl, $txt, $user_info;

		loadLanguage('AfterAction');
		$sub = [];
		foreach (['teams', 'tournaments', 'achievements'] as $area)
			$sub['aa_' . $area] = [
				'title' => $txt['afteraction_' . $area],
				'href' => AfterActionForum::address($area),
				'show' => true,
			];
		if (!$user_info['is_guest'])
			$sub['aa_record'] = [
				'title' => $txt['afteraction_record'],
				'href' => $scripturl . '?action=profile;area=aarecord',
				'show' => true,
			];
		if (!$user_info['is_guest'])
			$sub['aa_login'] = [
				'title' => $txt['afteraction_login'],
				'href' => AfterActionForum::address('site'),
				'show' => true,
			];
		$sub['aa_site'] = [
			'title' => $txt['afteraction_all'],
			'href' => AfterActionForum::e(AfterActionForum::site()),
			'show' => AfterActionForum::site() !== '',
		];
		$ours = [
			'title' => $txt['afteraction'],
			'href' => $scripturl . '?action=afteraction',
			'icon' => 'stats',
			'show' => allowedTo('mohaa_view'),
			'sub_buttons' => $sub,
		];
		// After the first button; where there is none, at the end.
		$buttons = array_slice($buttons, 0, 1, true) + ['afteraction' => $ours] + array_slice($buttons, 1, null, true);
	}

	/** @param array<string, array<string, mixed>> $areas */
	public static function profile(array &$areas): void
	{
		global $txt;

		loadLanguage('AfterAction');
		$areas['info']['areas']['aarecord'] = [
			'label' => $txt['afteraction_record'],
			'file' => 'AfterAction/Pages.php',
			'function' => 'AfterActionPages::record',
			'icon' => 'stats',
			'permission' => ['own' => 'mohaa_view', 'any' => 'mohaa_view'],
		];
		$areas['info']['areas']['aaidentity'] = [
			'label' => $txt['afteraction_identity'],
			'file' => 'AfterAction/Pages.php',
			'function' => 'AfterActionPages::identity',
			'icon' => 'members',
			'permission' => ['own' => 'mohaa_play', 'any' => []],
		];
	}

	/**
	 * @param array<mixed> $groups
	 * @param array<string, array<string, mixed>> $list
	 */
	public static function permissions(array &$groups, array &$list): void
	{
		loadLanguage('AfterAction');
		foreach (AfterActionForum::PERMISSIONS as $permission)
			$list['membergroup'][$permission] = [false, 'afteraction'];
	}

	public static function guestPermissions(): void
	{
		global $context;

		foreach (array_slice(AfterActionForum::PERMISSIONS, 1) as $permission)
			$context['non_guest_permissions'][] = $permission;
	}

	/** @param array<string, array<string, mixed>> $areas */
	public static function adminMenu(array &$areas): void
	{
		global $txt;

		loadLanguage('AfterAction');
		$areas['config']['areas']['modsettings']['subsections']['afteraction'] = [$txt['afteraction']];
	}

	/** @param array<string, mixed> $pages */
	public static function adminPages(array &$pages): void
	{
		require_once __DIR__ . '/Admin.php';
		$pages['afteraction'] = 'AfterActionAdmin::settings';
	}

	/** The list of scheduled tasks names ours. */
	public static function taskNames(): void
	{
		loadLanguage('AfterAction');
	}

	/**
	 * A card is a frame of the site: a browser fetches it when it comes into view, and the forum never does.
	 *
	 * @param array<int, array<string, mixed>> $codes
	 */
	public static function bbc(array &$codes): void
	{
		global $txt;

		$site = AfterActionForum::site();
		if ($site === '')
			return;
		loadLanguage('AfterAction');
		foreach (self::CARDS as $tag => [$form, $pages, $height])
		{
			$link = AfterActionForum::e($site . '/' . $pages . '/') . '$1';
			$text = '<a href="' . $link . '" class="bbc_link">' . $txt['afteraction_card_' . $tag] . '</a>';
			$codes[] = [
				'tag' => $tag,
				'type' => 'unparsed_equals',
				'test' => $form . '\]',
				'before' => AfterActionForum::setting('cards') === '0'
					? $text . ' '
					: self::frame($site . '/embed/' . $pages . '/', '$1', $txt['afteraction_card_' . $tag], $height),
				'after' => '',
				'disabled_before' => $text . ' ',
				'disabled_after' => '',
			];
		}
	}

	/** A part of the site in a frame. It may run the site's own script and open links, and nothing of the forum's. */
	public static function frame(string $start, string $end, string $title, int $height, string $width = '420'): string
	{
		return '<iframe src="' . AfterActionForum::e($start) . $end . '" title="' . AfterActionForum::e($title) . '" width="' . $width . '" height="' . $height
			. '" loading="lazy" referrerpolicy="no-referrer" style="display: block; max-width: 100%; border: 0;"'
			. ' sandbox="allow-scripts allow-same-origin allow-popups allow-top-navigation-by-user-activation"></iframe>';
	}

	/** The board index is about to be shown: what is live stands in its info centre. */
	public static function infoCentre(): void
	{
		global $context;

		if (AfterActionForum::site() === '' || AfterActionForum::setting('live_block') === '0' || !allowedTo('mohaa_view'))
			return;
		loadLanguage('AfterAction');
		loadTemplate('AfterAction');
		$context['info_center'][] = ['tpl' => 'afteraction', 'txt' => 'afteraction_live'];
	}

	/** @param array<string, array<int, string>> $allowed */
	public static function whoMay(array &$allowed): void
	{
		loadLanguage('AfterAction');
		$allowed['afteraction'] = ['mohaa_view'];
	}

	/** Who is online is about to be shown: who is in a game, too, as the scheduled task last heard. */
	public static function whoPlays(): void
	{
		global $context, $txt;

		if (($context['current_action'] ?? '') !== 'who' || empty($context['members']) || !allowedTo('mohaa_view'))
			return;
		$heard = json_decode(AfterActionForum::setting('playing'), true);
		if (!is_array($heard) || (int) ($heard['at'] ?? 0) < time() - 900)
			return;
		loadLanguage('AfterAction');
		foreach ($context['members'] as $key => $member)
		{
			$game = $heard['members'][(int) ($member['id'] ?? 0)] ?? null;
			if (!is_array($game) || !isset($member['action']))
				continue;
			$said = '<br><span class="smalltext">' . sprintf($txt['afteraction_playing_on'], AfterActionForum::e((string) $game[0]), AfterActionForum::e((string) $game[1])) . '</span>';
			if (is_array($member['action']))
				$context['members'][$key]['action']['error_message'] = ($member['action']['error_message'] ?? '') . $said;
			else
				$context['members'][$key]['action'] .= $said;
		}
	}

	/** @param array<string, array<string, mixed>> $types */
	public static function alertTypes(array &$types): void
	{
		loadLanguage('AfterAction');
		foreach (self::ALERTS as $kind)
			$types['afteraction']['afteraction_' . $kind] = ['alert' => 'yes', 'email' => 'never'];
	}

	/**
	 * Alerts are kept as the bridge worded them; here they get their link, and are escaped.
	 *
	 * @param array<int, array<string, mixed>> $alerts
	 */
	public static function alerts(array &$alerts): void
	{
		global $txt;

		foreach ($alerts as $id => $alert)
		{
			if ($alert['content_type'] !== 'aa')
				continue;
			$extra = is_array($alert['extra']) ? $alert['extra'] : [];
			$alerts[$id]['extra'] = [
				'aa_text' => AfterActionForum::e((string) ($extra['aa_text'] ?? '')),
				'content_link' => AfterActionForum::address((string) ($extra['aa_path'] ?? '')),
			];
			$alerts[$id]['icon'] = '<span class="alert_icon main_icons stats"></span>';
			$txt['alert_aa_' . $alert['content_action']] = '{aa_text}';
		}
	}
}
