"""Which kinds of key open what. Every route names its rule as `opt={"access": ...}`."""

from typing import Final, Literal

from api.auth.tokens import Kind

Rule = Literal["open", "read", "server", "forum", "admin", "session", "member"]

# What each rule lets in. An admin may do what a forum may; a server speaks for itself alone.
ALLOWED: Final[dict[Rule, frozenset[Kind]]] = {
    "open": frozenset(),
    "read": frozenset({"read", "forum", "admin"}),
    "server": frozenset({"server"}),
    "forum": frozenset({"forum", "admin"}),
    "admin": frozenset({"admin"}),
    # Pages: a key opens none of them, only the session that an admin's key began.
    "session": frozenset(),
    # What the forum asks for whoever looks at it: beside its key, with a statement of who that is.
    "member": frozenset({"forum"}),
}
