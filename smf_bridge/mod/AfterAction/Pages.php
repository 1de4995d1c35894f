<?php

/**
 * The pages of the mod. Each shows what the bridge answers, between SMF's own header and footer.
 */

declare(strict_types=1);

require_once __DIR__ . '/Forum.php';

final class AfterActionPages
{
	private const EXPORT = '/forum/identity/export';

	/** ?action=afteraction: an area by its path, or the list of areas. */
	public static function area(): void
	{
		global $context, $scripturl, $txt;

		loadLanguage('AfterAction');
		isAllowedTo('mohaa_view');
		$context['linktree'][] = ['url' => $scripturl . '?action=afteraction', 'name' => $txt['afteraction']];

		$at = AfterActionForum::at();
		// What has a place in the profile is shown there.
		if (!AfterActionForum::isForm() && preg_match('~^members/(\d+)/record$~D', $at, $found) === 1)
			redirectexit('action=profile;u=' . $found[1] . ';area=aarecord');
		if (!AfterActionForum::isForm() && $at === 'identity')
			redirectexit('action=profile;area=aaidentity');
		if ($at !== '')
		{
			self::show('/forum/' . $at, AfterActionForum::address($at));

			return;
		}
		$context['page_title'] = $txt['afteraction'];
		self::template(['title' => $txt['afteraction'], 'areas' => true]);
	}

	/** The profile's area "Combat record". */
	public static function record(int $member): void
	{
		global $scripturl;

		loadLanguage('AfterAction');
		self::show('/forum/members/' . $member . '/record', $scripturl . '?action=profile;u=' . $member . ';area=aarecord');
	}

	/** The profile's area "Game identity": one's own, whoever's profile is asked for. */
	public static function identity(int $member): void
	{
		global $scripturl, $user_info;

		loadLanguage('AfterAction');
		if ($member !== (int) $user_info['id'])
			fatal_lang_error('no_access', false);
		self::show('/forum/identity', $scripturl . '?action=profile;u=' . $member . ';area=aaidentity');
	}

	/** Ask for a path, and show what comes; `page` is where this stands. */
	private static function show(string $path, string $page): void
	{
		$who = AfterActionForum::viewer($page);
		if (AfterActionForum::isForm())
		{
			checkSession('post');
			$answer = AfterActionForum::client()->ask('POST', $path, $who, AfterActionForum::form());
			AfterActionForum::forget($path, $who);
		}
		else
		{
			$asked = AfterActionForum::asked();
			if ($asked !== '')
				$path .= (strpos($path, '?') === false ? '?' : '&') . $asked;
			$patience = $path === self::EXPORT ? AfterActionClient::EXPORT_MS : AfterActionClient::WHOLE_MS;
			$answer = AfterActionForum::client()->ask('GET', $path, $who, '', false, $patience);
		}

		if ($answer->problem !== '')
			self::problem($answer, $path, $who);
		elseif (isset($answer->data['redirect']))
			self::leave($answer->text('redirect'));
		elseif (!isset($answer->data['html']))
			self::file($answer);
		else
		{
			// A code to log in, or who may log in from where, is kept nowhere.
			if (!AfterActionForum::isForm() && !str_starts_with($path, '/forum/identity'))
				AfterActionForum::keep($path, $who, $answer);
			self::fragment($answer->data, '');
		}
	}

	/** @param array<string, mixed> $who */
	private static function problem(AfterActionAnswer $answer, string $path, array $who): void
	{
		global $context, $txt;

		$kept = $answer->isAway() && !AfterActionForum::isForm() ? AfterActionForum::kept($path, $who) : null;
		if ($kept !== null)
		{
			self::fragment($kept['data'], sprintf($txt['afteraction_copy'], strip_tags(timeformat($kept['at']))));

			return;
		}
		send_http_status($answer->isAway() || $answer->problem === 'setup' ? 503 : max(400, $answer->status));
		$context['page_title'] = $txt['afteraction'];
		// What the bridge refuses, it says in a sentence for people. What is broken is for admins alone.
		$told = in_array($answer->problem, ['forbidden', 'missing', 'wrong'], true) ? $answer->detail : '';
		self::template([
			'title' => $txt['afteraction'],
			'problem' => $told !== '' ? $told : $txt['afteraction_problem_' . $answer->problem],
			'detail' => $told === '' && allowedTo('admin_forum') ? $answer->detail : '',
		]);
	}

	private static function leave(string $url): void
	{
		if (!AfterActionForum::isOnSite($url))
			fatal_lang_error('afteraction_elsewhere', false);
		redirectexit($url);
	}

	/** What is no page is a file of the member's own, as their export is. */
	private static function file(AfterActionAnswer $answer): void
	{
		header('Content-Type: application/json; charset=UTF-8');
		header('Content-Disposition: attachment; filename="afteraction.json"');
		header('X-Content-Type-Options: nosniff');
		header('Cache-Control: no-store');
		echo json_encode($answer->data, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
		obExit(false);
	}

	/** @param array<string, mixed> $data */
	private static function fragment(array $data, string $note): void
	{
		global $context;

		foreach (is_array($data['css'] ?? null) ? $data['css'] : [] as $sheet)
			if (is_string($sheet) && preg_match('~^https?://[^\s"\'<>]+$~D', $sheet) === 1)
				loadCSSFile($sheet, ['external' => true], 'afteraction_' . md5($sheet));
		$links = [];
		foreach (is_array($data['links'] ?? null) ? $data['links'] : [] as $link)
			if (is_array($link) && is_string($link['href'] ?? null) && is_string($link['text'] ?? null) && preg_match('~^https?://[^\s"\'<>]+$~D', $link['href']) === 1)
				$links[] = $link;

		$title = is_string($data['title'] ?? null) ? $data['title'] : '';
		$context['page_title'] = AfterActionForum::e($title);
		self::template([
			'title' => $title,
			'note' => $note,
			'notice' => is_string($data['notice'] ?? null) ? $data['notice'] : '',
			'links' => $links,
			'html' => is_string($data['html']) ? strtr($data['html'], self::places()) : '',
		]);
	}

	/**
	 * What the bridge leaves to the forum, by where it stands in a fragment.
	 *
	 * @return array<string, string>
	 */
	private static function places(): array
	{
		global $context, $txt;

		$field = '<input type="hidden" name="' . AfterActionForum::e((string) $context['session_var']) . '" value="' . AfterActionForum::e((string) $context['session_id']) . '">';
		$export = AfterActionForum::address(substr(self::EXPORT, strlen('/forum/')));

		return [
			'<!--afteraction:session-->' => $field,
			'<!--afteraction:export-->' => '<a class="button" href="' . AfterActionForum::e($export) . '">' . $txt['afteraction_export'] . '</a>',
		];
	}

	/** @param array<string, mixed> $shown */
	private static function template(array $shown): void
	{
		global $context;

		loadTemplate('AfterAction');
		$context['afteraction'] = $shown + ['note' => '', 'notice' => '', 'links' => [], 'html' => '', 'problem' => '', 'detail' => '', 'areas' => false];
		$context['sub_template'] = 'afteraction';
	}
}
