<?php

/**
 * What SMF does every few minutes, behind the pages: fetch alerts, hear who is in a game.
 */

declare(strict_types=1);

require_once __DIR__ . '/Forum.php';
require_once __DIR__ . '/Hooks.php';

final class AfterActionTask
{
	/** So many pages of alerts at once; what is left comes the next time. */
	private const MOST_PAGES = 5;
	private const MOST_PLAYING = 200;

	/** Whether all went well, as SMF logs it. */
	public static function run(): bool
	{
		$client = AfterActionForum::client();
		$went_well = self::fetchAlerts($client);

		return self::hearWhoPlays($client) && $went_well;
	}

	private static function fetchAlerts(AfterActionClient $client): bool
	{
		for ($page = 0; $page < self::MOST_PAGES; ++$page)
		{
			$after = (int) AfterActionForum::setting('alerts_after');
			$answer = $client->ask('GET', '/forum/alerts?after=' . $after, AfterActionForum::task());
			if ($answer->problem !== '')
				return $answer->problem === 'missing';
			$alerts = self::checked($answer->data['alerts'] ?? null, $after);
			if ($alerts === [])
				return true;
			self::write($alerts);
			updateSettings(['afteraction_alerts_after' => (string) max(array_column($alerts, 'id'))]);
		}

		return true;
	}

	/**
	 * @param mixed $alerts
	 * @return array<int, array{id: int, member: int, by: int, kind: string, text: string, path: string}>
	 */
	private static function checked($alerts, int $after): array
	{
		$good = [];
		foreach (is_array($alerts) ? $alerts : [] as $alert)
		{
			if (!is_array($alert) || !is_int($alert['id'] ?? null) || $alert['id'] <= $after || !is_int($alert['member'] ?? null))
				continue;
			$good[] = [
				'id' => $alert['id'],
				'member' => $alert['member'],
				'by' => is_int($alert['by'] ?? null) ? $alert['by'] : 0,
				// As long as the column is.
				'kind' => substr(preg_replace('~[^a-z_]~', '', is_string($alert['kind'] ?? null) ? $alert['kind'] : ''), 0, 20),
				'text' => mb_substr(is_string($alert['text'] ?? null) ? $alert['text'] : '', 0, 500),
				'path' => mb_substr(is_string($alert['path'] ?? null) ? $alert['path'] : '', 0, 500),
			];
		}

		return $good;
	}

	/**
	 * Write alerts of those who want them. After a crash the same ones may come again: those that are there are left.
	 *
	 * @param array<int, array{id: int, member: int, by: int, kind: string, text: string, path: string}> $alerts
	 */
	private static function write(array $alerts): void
	{
		global $smcFunc, $sourcedir;

		require_once $sourcedir . '/Subs-Notify.php';
		$there = self::members($alerts);
		$written = self::written(array_column($alerts, 'id'));
		$prefs = getNotifyPrefs(array_keys($there), array_map(static fn(string $kind): string => 'afteraction_' . $kind, AfterActionHooks::ALERTS), true);
		foreach ($alerts as $alert)
		{
			$member = $alert['member'];
			$wanted = 'afteraction_' . $alert['kind'];
			if (!isset($there[$member]) || isset($written[$alert['id']]) || (isset($prefs[$member][$wanted]) && empty($prefs[$member][$wanted])))
				continue;
			$smcFunc['db_insert'](
				'insert',
				'{db_prefix}user_alerts',
				['alert_time' => 'int', 'id_member' => 'int', 'id_member_started' => 'int', 'member_name' => 'string', 'content_type' => 'string', 'content_id' => 'int', 'content_action' => 'string', 'is_read' => 'int', 'extra' => 'string'],
				[time(), $member, isset($there[$alert['by']]) ? $alert['by'] : 0, $there[$alert['by']] ?? '', 'aa', $alert['id'], $alert['kind'], 0, json_encode(['aa_text' => $alert['text'], 'aa_path' => $alert['path']], JSON_THROW_ON_ERROR)],
				['id_alert']
			);
			updateMemberData($member, ['alerts' => '+']);
		}
	}

	/**
	 * Names of those members whom the forum has.
	 *
	 * @param array<int, array<string, mixed>> $alerts
	 * @return array<int, string>
	 */
	private static function members(array $alerts): array
	{
		return self::pairs(
			'SELECT id_member, real_name FROM {db_prefix}members WHERE id_member IN ({array_int:ids})',
			array_values(array_unique(array_merge(array_column($alerts, 'member'), array_column($alerts, 'by'))))
		);
	}

	/**
	 * @param array<int, int> $ids
	 * @return array<int, string>
	 */
	private static function written(array $ids): array
	{
		return self::pairs(
			'SELECT content_id, content_type FROM {db_prefix}user_alerts WHERE content_type = {literal:aa} AND content_id IN ({array_int:ids})',
			$ids
		);
	}

	/**
	 * @param array<int, int> $ids
	 * @return array<int, string>
	 */
	private static function pairs(string $sql, array $ids): array
	{
		global $smcFunc;

		$found = [];
		$request = $smcFunc['db_query']('', $sql, ['ids' => $ids]);
		while ($row = $smcFunc['db_fetch_row']($request))
			$found[(int) $row[0]] = (string) $row[1];
		$smcFunc['db_free_result']($request);

		return $found;
	}

	private static function hearWhoPlays(AfterActionClient $client): bool
	{
		$answer = $client->ask('GET', '/forum/playing', AfterActionForum::task());
		if ($answer->problem !== '')
			return $answer->problem === 'missing';
		$members = [];
		foreach (is_array($answer->data['playing'] ?? null) ? $answer->data['playing'] : [] as $one)
			if (is_array($one) && is_int($one['member'] ?? null) && count($members) < self::MOST_PLAYING)
				$members[$one['member']] = [
					mb_substr(is_string($one['server'] ?? null) ? $one['server'] : '', 0, 80),
					mb_substr(is_string($one['map'] ?? null) ? $one['map'] : '', 0, 80),
				];
		// Each change of a setting makes SMF read them all again.
		if ($members !== [] || AfterActionForum::setting('playing') !== '')
			updateSettings(['afteraction_playing' => $members === [] ? '' : json_encode(['at' => time(), 'members' => $members], JSON_THROW_ON_ERROR)]);

		return true;
	}
}
