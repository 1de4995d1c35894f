"""Login codes: eight characters that a person reads on the forum and types in the game.

They are drawn from Crockford's base 32, which has no I, L, O and U; what was typed for those is understood.
The first three find the code's row, and only its one hash is verified; all eight are hashed. docs/login.md
has the arithmetic of guessing.
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 8
LOOKUP_LENGTH: Final = 3

_SEEN_AS = str.maketrans("OIL", "011", "- ")


def new() -> str:
    """Return a code of 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """Return a code as people see it, `K7QX-2M9D`."""
    return f"{code[:4]}-{code[4:]}"


def parse(typed: str) -> str | None:
    """Return the code that was typed, in any case, with or without hyphens; None for what cannot be one."""
    code = typed.strip().upper().translate(_SEEN_AS)
    return code if len(code) == LENGTH and all(char in ALPHABET for char in code) else None


def lookup(code: str) -> str:
    """Return the part of a code by which its row is found."""
    return code[:LOOKUP_LENGTH]
