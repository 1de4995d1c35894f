"""Who tries to log in."""

import msgspec

from api.logins.networks import HashedNetwork


class Client(msgspec.Struct, frozen=True):
    """A player as the game server knows one."""

    server_id: int
    client_id: str
    name: str
    network: HashedNetwork
