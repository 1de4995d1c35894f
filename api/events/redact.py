"""What stands in events and is kept nowhere: login codes, and the addresses of players.

Login codes that players typed where a tracker does not know them: masked before anything is kept.

Our own tracker takes `!login CODE` out of the chat. Another one reports it as something said, or as a command
on the console, or in a client's settings. Each form is told from the bytes, whatever they are wrapped in.
"""

import re
from typing import Final

# All that follows the command, to the end of what was said: nobody knows how a code was mistyped.
_SAID: Final = re.compile(
    rb"((?:!|%21|\\u0021)login|(?:/|%2f|\\u002f)login(?=\s|\+|%20))((?:[^\"&\\\r\n]|\\.|&(?!\w+=))+)",
    re.IGNORECASE,
)
# Without a mark it may be any word: what has the length of a code.
_SET: Final = re.compile(
    rb"(login(?:[\s+=\\]|%[0-9a-f]{2}|\"\s*:\s*\")+)[0-9a-z]{4}(?:[- +]|%20)?[0-9a-z]{4}(?![0-9a-z])",
    re.IGNORECASE,
)


def codes(piece: bytes) -> bytes:
    """Return the bytes of an event with codes masked; the same object where there is none."""
    if b"login" not in piece.lower():
        return piece
    masked = _SET.sub(rb"\1***", _SAID.sub(rb"\1 ***", piece))
    return piece if masked == piece else masked


# A field whose name says so; what follows ip in a client's settings; or a whole value that looks like one.
_ADDRESS: Final = re.compile(
    rb"""("(?:\w*_)?(?:ip|ip_?addr|ip_?address|addr|address|host)"\s*:\s*")[^"]+"""
    rb"""|((?:^|[&\n])(?:\w*_)?(?:ip|ip_?addr|ip_?address|addr|address|host)=)[^&\r\n]+"""
    rb"""|((?:\\{1,2}|%5c)ip(?:\\{1,2}|%5c))[^\\"&%\s]+"""
    rb"""|("\w*(?:[^e"]|[^m]e|[^a]me|[^n]ame)"\s*:\s*")(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?=")""",
    re.IGNORECASE,
)


def addresses(piece: bytes) -> bytes:
    """Return the bytes of an event with players' addresses masked; the same object where there is none."""
    masked = _ADDRESS.sub(_kept, piece)
    return piece if masked == piece else masked


def _kept(found: re.Match[bytes]) -> bytes:
    return bytes(found[found.lastindex or 0]) + b"***"
