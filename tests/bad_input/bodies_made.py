"""Bodies that are large for what they say: each takes some path of the decoder to its end."""

DIGITS = b"9" * 1_000_000
KEYS = b",".join(b'"k%d":1' % number for number in range(1_000_000))
HUGE: dict[str, bytes] = {
    "arrays in arrays": b"[" * 4_000_000,
    "arrays in arrays, closed": b"[" * 2_000_000 + b"]" * 2_000_000,
    "objects in objects": b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
    "objects in objects, open": b'{"type":' * 900_000,
    "deep in an event": b'{"type":"heartbeat","x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a million digits": b'{"type":"heartbeat","x":' + DIGITS + b"}",
    "a million digits in seq": b'{"type":"heartbeat","session_id":"digits","seq":' + DIGITS + b"}",
    "a million digits in an array": b'[{"type":"heartbeat","x":' + DIGITS + b"}]",
    "a million digits after the point": b'{"type":"heartbeat","timestamp":1.' + DIGITS + b"}",
    "a huge exponent": b'{"type":"heartbeat","x":1e' + DIGITS[:5000] + b"}",
    "thousands of digits": b'{"type":"heartbeat","x":' + DIGITS[:60_000] + b"}",
    "thousands of digits in a string": b'{"type":"heartbeat","damage":"' + DIGITS[:60_000] + b'"}',
    "a million keys": b'{"type":"heartbeat",' + KEYS[: 7 << 20] + b":1}",
    "the same key again and again": b'{"type":"heartbeat"' + b',"x":1' * 1_000_000 + b"}",
    "events of many keys": b"\n".join(
        b'{"type":"heartbeat",' + KEYS[:60_000].rpartition(b",")[0] + b"}" for _ in range(120)
    ),
    "a million empty events": b"{}" * 1_000_000,
    "a million commas": b"[" + b"," * 4_000_000,
    "blank lines": b"\n" * 8_000_000,
    "NULs": bytes(8_000_000),
    "quotes": b'"' * 8_000_000,
    "backslashes": b'["' + b"\\" * 8_000_000,
    "an open string a line": b'{"type":"\n' * 700_000,
    "ampersands": b"type=heartbeat" + b"&" * 8_000_000,
    "pairs": b"type=heartbeat&" + b"a=1&" * 2_000_000,
    "percent signs": b"type=heartbeat&x=" + b"%" * 8_000_000,
    "an escaped payload": b"payload=%5B" + b"%7B%7D%2C" * 800_000,
    "surrogates": b'{"type":"heartbeat","x":"' + b"\\ud800" * 1_000_000 + b'"}',
    "every byte": bytes(range(256)) * 30_000,
}


def grown(content: bytes, size: int) -> bytes:
    """The same again and again, up to about `size` bytes."""
    return content * max(1, size // len(content))
