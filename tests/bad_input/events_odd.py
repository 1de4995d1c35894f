"""Events as no tracker writes them, from a seed: odd values, odd spellings, keys that stand twice."""

import json
from random import Random

from api.events import catalogue

NUMBERS = (
    b"0 -0 0.0 -0.0 1 -1 7 1e2 1E+2 25e-1 0.1 112.487 5e-324 1e-7 16777217 33554433 2147483647 2147483648 "
    b"-2147483648 -2147483649 4294967295 4294967296 1e15 999999999999999 1000000000000001 9007199254740993 "
    b"-1e15 1e16 3.4e38 1e300 1e999 -1e999 123456789012345678901234567890 0.30000000000000004 1.5 2.0 1e0"
).split()
SEQS = (
    b"0 1 2 3 7 7.0 7e0 7.5 -1 -0 4611686018427387904 4611686018427387905 9223372036854775807 "
    b'9223372036854775808 18446744073709551615 1e3 1e18 9007199254740993 9007199254740993.0 "5" "5.0" "+5" '
    b'"5\\t" "" null true [1] {} "x"'
).split(b" ")
_ESCAPED = (
    rb'"" "Ann" "Jos\u00e9" "^1Red" "a\\b" "a\"b" "\u0000" "a\u0000b" "\ud800" "\ud83d\ude00" "x\ty\n" ":" '
    rb'"::\":" "\"seq\":9" "no_match" "unauth_3" "american" "GERMAN" "DM" "2" "18" "-2" "007" "NaN" "true" '
    rb'"\/" "%00" "\u2028" "1e999" "0x10" "{" "}{" "\\u0041"'
).split(b" ")
_SPELLED_OUT = (
    "Jörg",
    "😀😀",
    "ДОМ",
    "a\tb",
    "a\x00b",
    "x" * 300,
    "\u2028",
    "\ufeff",
    "  TDM ",
    " free for all",
)
STRINGS = [
    *_ESCAPED,
    *(b'"' + each.encode() + b'"' for each in _SPELLED_OUT),
    *(b'"\xff\xfe"', b'"J\xf6rg"', b'"\xed\xa0\x80"'),
]
OTHERS = [
    b"null",
    b"true",
    b"false",
    b"[]",
    b"{}",
    b"[1,2,3]",
    b'"1 2 3"',
    b'{"seq":4}',
    b"NaN",
    b"-Infinity",
    b"",
]
TIMES = (
    b"0 1.5 9.8 1577836799 1577836800 1790000000 1790000000.25 1790000000123 4102444800 253402300799 "
    b'"3.5" "1e3" 1e-9'
).split()


def value_of(random: Random, name: str) -> bytes:
    """A value as JSON, mostly one that the field may have."""
    kind = random.random()
    if name == "seq":
        return random.choice(SEQS)
    if name in ("timestamp", "sent_at") and kind < 0.8:
        return random.choice(TIMES)
    field = catalogue.ALL_FIELDS.get(name)
    if field is None or kind < 0.1:
        return random.choice(NUMBERS + STRINGS + OTHERS)
    if field.kind == "string":
        return random.choice(STRINGS)
    if field.kind == "boolean":
        return random.choice([b"true", b"false", b"0", b'"yes"', b"1.0", b"null"])
    number = random.choice(NUMBERS[:26]) if kind < 0.7 else b"%d" % random.randint(-100, 100)
    return b'"' + number + b'"' if kind < 0.2 else number


def key_of(random: Random, name: str) -> bytes:
    """A key as JSON, now and then with an escape in it."""
    if random.random() < 0.02:
        at = random.randrange(len(name))
        return (f'"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}"').encode()
    return json.dumps(name).encode()


def odd_event(random: Random, session_id: str) -> bytes:
    """An event of the session on one line, whose values may be odd and keys may be repeated."""
    type_ = random.choice(list(catalogue.EVENTS))
    about = catalogue.EVENTS[type_]
    players = [f"{prefix}_{part}" for prefix in about.prefixes for part in catalogue.PLAYER_PARTS]
    names = [*catalogue.COMMON[4:], "match_id", *players, *about.fields]
    chosen = random.sample(names, random.randint(0, min(len(names), 14)))
    if random.random() < 0.2:
        chosen += random.sample(
            [*catalogue.ALL_FIELDS, *catalogue.FIELD_ALIASES, *catalogue.POSITIONS, "odd"], 3
        )
    chosen = [name for name in chosen if name not in ("session_id", "type", "seq", "event", "event_type")]
    pairs = [(name, value_of(random, name)) for name in chosen]
    if random.random() < 0.7:
        pairs.append(
            ("seq", random.choice(SEQS) if random.random() < 0.3 else b"%d" % random.randrange(2**40))
        )
    if pairs and random.random() < 0.15:
        name = random.choice(pairs)[0]
        pairs.append((name, value_of(random, name)))
    types = [type_, *([random.choice(list(catalogue.EVENTS))] if random.random() < 0.05 else [])]
    pairs += [("type", json.dumps(each).encode()) for each in types]
    pairs.append(("session_id", json.dumps(session_id).encode()))
    random.shuffle(pairs)
    colon, comma = random.choice([(b":", b","), (b":", b","), (b": ", b", "), (b" :\t", b" ,")])
    return b"{" + comma.join(key_of(random, name) + colon + value for name, value in pairs) + b"}"
