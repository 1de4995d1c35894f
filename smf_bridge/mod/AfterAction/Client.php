<?php

/**
 * Asks After Action, and says plainly what came of it. It knows nothing of SMF.
 *
 * docs/forum.md of After Action has the exact bytes of a statement.
 */

declare(strict_types=1);

/** What the client must remember between two pages: [failures in a row, unix second until which nobody asks]. */
interface AfterActionMemory
{
	/** @return array{0: int, 1: int} */
	public function breaker(): array;

	public function keepBreaker(int $failures, int $until, string $cause): void;
}

/** What came of asking: data, or a problem by its name, with details for an admin. */
final class AfterActionAnswer
{
	/** @param array<string, mixed> $data */
	public function __construct(
		public int $status,
		public array $data = [],
		public string $problem = '',
		public string $detail = ''
	) {
	}

	/** Whether an older copy is better than this. */
	public function isAway(): bool
	{
		return in_array($this->problem, ['away', 'busy', 'garbage'], true);
	}

	public function text(string $name): string
	{
		$value = $this->data[$name] ?? '';

		return is_string($value) ? $value : '';
	}
}

final class AfterActionClient
{
	public const CONTEXT = 'afteraction.statement.v1';
	public const CONNECT_MS = 1000;
	public const WHOLE_MS = 2000;
	/** What a member waits for on purpose, and nobody else with them: their export. */
	public const EXPORT_MS = 15000;
	public const MOST_BYTES = 2097152;
	public const MOST_EXPORTED_BYTES = 33554432;
	public const HOLDS_SECONDS = 30;
	/** So many failures in a row, and nobody asks for so many seconds. */
	public const FAILURES = 2;
	public const REST_SECONDS = 30;

	public function __construct(private string $url, private string $key, private AfterActionMemory $memory)
	{
		$this->url = rtrim($url, '/');
	}

	/** Whether this can be the address of After Action. */
	public static function isAddress(string $url): bool
	{
		$parts = parse_url($url);

		return preg_match('~^https?://[\x21-\x7e]+$~', $url) === 1 && is_array($parts) && !empty($parts['host'])
			&& !isset($parts['user']) && !isset($parts['pass']) && !isset($parts['query'])
			&& !isset($parts['fragment']);
	}

	/** Whether this can be a path below /forum/: nothing that a server or proxy might read as another one. */
	public static function isPath(string $path): bool
	{
		return strlen($path) <= 1500
			&& preg_match('~^/forum/[A-Za-z0-9._\~%-]+(/[A-Za-z0-9._\~%-]+)*(\?[A-Za-z0-9._\~%!*(),;:@=&+$/?-]*)?$~D', $path) === 1
			&& preg_match('~(^|/)(\.|%2e){1,2}(/|\?|$)|%2f|%5c|%00~i', strtok($path, '?') ?: '') !== 1;
	}

	/**
	 * A statement for one request, as the header carries it.
	 *
	 * @param array<string, mixed> $who
	 */
	public static function signed(
		string $key,
		array $who,
		string $method,
		string $path,
		string $body,
		int $now,
		string $nonce
	): string {
		$statement = $who + [
			'issued' => $now,
			'expires' => $now + self::HOLDS_SECONDS,
			'nonce' => $nonce,
			'method' => $method,
			'path' => $path,
			'body' => hash('sha256', $body),
		];
		$flags = JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;
		$payload = self::base64url(json_encode($statement, $flags));
		$derived = hash_hmac('sha256', self::CONTEXT, $key, true);

		return $payload . '.' . self::base64url(hash_hmac('sha256', self::CONTEXT . '.' . $payload, $derived, true));
	}

	public static function base64url(string $bytes): string
	{
		return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
	}

	/**
	 * Ask; within two seconds there is an answer, whatever happens.
	 *
	 * @param array<string, mixed> $who what the statement says of who is looking
	 */
	public function ask(string $method, string $path, array $who, string $body = '', bool $even_if_away = false, int $whole_ms = self::WHOLE_MS): AfterActionAnswer
	{
		if (!function_exists('curl_init'))
			return new AfterActionAnswer(0, [], 'setup', 'PHP lacks its curl extension');
		if (!self::isAddress($this->url) || preg_match('~^[\x21-\x7e]+$~D', $this->key) !== 1)
			return new AfterActionAnswer(0, [], 'setup', 'the address or the key is missing, or cannot be one');
		if (!self::isPath($path))
			return new AfterActionAnswer(404, [], 'missing', '');
		if (!$even_if_away && !$this->mayAsk())
			return new AfterActionAnswer(0, [], 'away', 'it did not answer a moment ago; nobody asks again before it has rested');

		return $this->fetch($method, $path, $body, $whole_ms, self::signed(
			$this->key,
			$who,
			$method,
			$path,
			$body,
			time(),
			self::base64url(random_bytes(18))
		));
	}

	private function fetch(string $method, string $path, string $body, int $whole_ms, string $statement): AfterActionAnswer
	{
		$received = '';
		$too_long = false;
		$most = $whole_ms > self::WHOLE_MS ? self::MOST_EXPORTED_BYTES : self::MOST_BYTES;
		$headers = [
			'Accept: application/json',
			'Authorization: Bearer ' . $this->key,
			'AfterAction-Statement: ' . $statement,
			'Expect:',
		];
		if ($method === 'POST')
			$headers[] = 'Content-Type: application/x-www-form-urlencoded';

		$curl = curl_init();
		curl_setopt_array($curl, [
			CURLOPT_URL => $this->url . $path,
			CURLOPT_PATH_AS_IS => true,
			CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
			CURLOPT_FOLLOWLOCATION => false,
			CURLOPT_PROXY => '',
			CURLOPT_NOSIGNAL => true,
			CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_MS,
			CURLOPT_TIMEOUT_MS => $whole_ms,
			CURLOPT_HTTPHEADER => $headers,
			CURLOPT_USERAGENT => 'AfterAction-SMF',
			CURLOPT_WRITEFUNCTION => function ($curl, string $piece) use (&$received, &$too_long, $most): int {
				$too_long = strlen($received) + strlen($piece) > $most;
				if ($too_long)
					return 0;
				$received .= $piece;

				return strlen($piece);
			},
		]);
		if ($method === 'POST')
			curl_setopt_array($curl, [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $body]);

		curl_exec($curl);
		$number = curl_errno($curl);
		$cause = curl_error($curl);
		$status = (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
		$elsewhere = (string) curl_getinfo($curl, CURLINFO_REDIRECT_URL);
		unset($curl);

		if ($too_long)
			return new AfterActionAnswer($status, [], 'garbage', 'the answer is longer than ' . $most . ' bytes');
		if ($number !== 0)
		{
			if ($whole_ms <= self::WHOLE_MS)
				$this->failed($cause);

			return new AfterActionAnswer(0, [], 'away', $cause);
		}
		$this->answered();

		return self::understood($status, $received, $elsewhere);
	}

	private static function understood(int $status, string $received, string $elsewhere): AfterActionAnswer
	{
		if ($status >= 300 && $status < 400)
			return new AfterActionAnswer($status, [], 'garbage', 'it sends elsewhere, to ' . ($elsewhere ?: 'nowhere') . '; set that address, if it is the right one');

		$data = json_decode($received, true, 64);
		if (!is_array($data) || !str_starts_with(ltrim($received), '{'))
			return new AfterActionAnswer($status, [], 'garbage', 'status ' . $status . ', and no JSON object: is this After Action?');
		if ($status >= 200 && $status < 300)
			return new AfterActionAnswer($status, $data);

		$problem = match (true) {
			$status === 401 => 'setup',
			$status === 403 => 'forbidden',
			$status === 404, $status === 410 => 'missing',
			$status === 429 => 'busy',
			$status >= 500 => 'away',
			default => 'wrong',
		};
		$detail = $data['detail'] ?? '';
		// Where there is no such area at all, nobody has worded it for people.
		$said = is_string($detail) && $detail !== 'Not Found' ? $detail : '';

		return new AfterActionAnswer($status, $data, $problem, $said);
	}

	/** Whether it is worth asking. After a rest one asks, and the others wait for what comes of it. */
	private function mayAsk(): bool
	{
		[$failures, $until] = $this->memory->breaker();
		if ($failures < self::FAILURES)
			return true;
		if (time() < $until)
			return false;
		$this->memory->keepBreaker($failures, time() + 5, '');

		return true;
	}

	private function failed(string $cause): void
	{
		[$failures] = $this->memory->breaker();
		++$failures;
		$this->memory->keepBreaker($failures, $failures >= self::FAILURES ? time() + self::REST_SECONDS : 0, $cause);
	}

	private function answered(): void
	{
		if ($this->memory->breaker()[0] !== 0)
			$this->memory->keepBreaker(0, 0, '');
	}
}
