<?php

/**
 * The settings, and a button that says what is wrong with them.
 */

declare(strict_types=1);

require_once __DIR__ . '/Forum.php';

final class AfterActionAdmin
{
	/**
	 * The settings page, below Admin, Configuration, Modification Settings.
	 *
	 * @return array<int, mixed>|null
	 */
	public static function settings(bool $return_config = false): ?array
	{
		global $context, $scripturl, $sourcedir, $txt;

		loadLanguage('AfterAction');
		$variables = [
			['text', 'afteraction_url', 40, 'subtext' => $txt['afteraction_url_help']],
			['password', 'afteraction_key', 40, 'subtext' => $txt[AfterActionForum::setting('key') === '' ? 'afteraction_key_none' : 'afteraction_key_set']],
			['text', 'afteraction_site', 40, 'subtext' => $txt['afteraction_site_help']],
			'',
			['check', 'afteraction_live_block'],
			['check', 'afteraction_cards', 'subtext' => $txt['afteraction_cards_help']],
		];
		if ($return_config)
			return $variables;

		isAllowedTo('admin_forum');
		require_once $sourcedir . '/ManageServer.php';
		$here = 'action=admin;area=modsettings;sa=afteraction';
		if (AfterActionForum::has('save'))
		{
			checkSession();
			self::check();
			saveDBSettings($variables);
			// Other settings, another chance.
			updateSettings(['afteraction_breaker' => '0,0']);
			AfterActionForum::showSaved();
			redirectexit($here);
		}
		if (AfterActionForum::has('test'))
		{
			checkSession('get');
			$context['settings_insert_above'] = self::tested();
		}
		$context['post_url'] = $scripturl . '?' . $here . ';save';
		$context['settings_title'] = $txt['afteraction'];
		$context['settings_message'] = '<a class="button" href="' . $scripturl . '?' . $here . ';test;' . $context['session_var'] . '=' . $context['session_id'] . '">' . $txt['afteraction_test'] . '</a> ' . $txt['afteraction_test_help'];
		prepareDBSettingContext($variables);

		return null;
	}

	/** Look at what was sent, before it is saved. A key that is not typed stays what it is. */
	private static function check(): void
	{
		foreach (['afteraction_url', 'afteraction_site'] as $name)
		{
			$url = rtrim((string) AfterActionForum::sent($name), '/');
			if ($url !== '' && !AfterActionClient::isAddress($url))
				fatal_lang_error('afteraction_bad_address', false);
			AfterActionForum::replaceSent($name, $url);
		}
		if (AfterActionForum::isKeyUntouched())
			AfterActionForum::withdrawSent('afteraction_key');
	}

	/** Ask as the profile would, and say what came of it. */
	private static function tested(): string
	{
		global $txt, $user_info;

		$answer = AfterActionForum::client()->ask(
			'GET',
			'/forum/members/' . (int) $user_info['id'] . '/record',
			['permissions' => ['mohaa_view']] + AfterActionForum::viewer(''),
			'',
			true
		);
		if ($answer->problem === '' && isset($answer->data['html']))
			return '<div class="infobox">' . $txt['afteraction_test_good'] . '</div>';
		$said = $answer->problem === '' ? $txt['afteraction_problem_garbage'] : $txt['afteraction_problem_' . $answer->problem];
		$detail = $answer->detail !== '' ? $answer->detail : 'status ' . $answer->status;

		return '<div class="errorbox"><strong>' . $said . '</strong><br>' . AfterActionForum::e($detail) . self::advice($answer) . '</div>';
	}

	private static function advice(AfterActionAnswer $answer): string
	{
		global $txt;

		$detail = $answer->detail;
		$name = match (true) {
			$answer->problem === 'setup' && $answer->status === 0 => 'setup',
			$answer->status === 401, $answer->status === 403 && strpos($detail, 'key') !== false => 'key',
			$answer->status === 403 && (strpos($detail, 'clock') !== false) => 'clock',
			$answer->status === 403 && (strpos($detail, 'address') !== false) => 'proxy',
			$answer->status === 404 => 'forum',
			$answer->status === 503 => 'database',
			$answer->status === 0 => 'reach',
			default => '',
		};

		return $name === '' ? '' : '<br>' . $txt['afteraction_advice_' . $name];
	}
}
