"""Networks: what is trusted when an address is. IPv4 by address, IPv6 by /64: a home has at least that.

None is kept as it is: it is found by its hash, and a range that holds it by the range's hash.
"""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import msgspec

from api.errors import Unprocessable
from api.keyed import Keyed, tag_of

Network = IPv4Network | IPv6Network

_IPV6_PREFIX: Final = 64
# A range is for one provider's NAT, not for a country.
_WIDEST: Final = {4: 16, 6: 32}


class HashedNetwork(msgspec.Struct, frozen=True):
    """A network as it is kept: its hash, and what can be read again with the key.

    `within`: the hashes of all networks that can be trusted and hold this one, the narrowest, itself, first.
    """

    hash: bytes
    sealed: bytes
    within: list[bytes]

    @property
    def tag(self) -> str:
        """By what it is told from others where it may not be read."""
        return tag_of(self.hash)


def hashed(hashes: Keyed, network: Network) -> HashedNetwork:
    """Return a network as it is kept."""
    lengths = range(network.prefixlen, _WIDEST[network.version] - 1, -1)
    within = [hashes.hash("network", str(network.supernet(new_prefix=length))) for length in lengths]
    return HashedNetwork(within[0], hashes.seal(str(network)), within)


def of_address(text: str) -> Network:
    """Return the network of an address as a game server tells it, perhaps with a port.

    Raises Unprocessable for what is no address.
    """
    try:
        address = ip_address(_without_port(text.strip()))
    except ValueError as error:
        raise Unprocessable(f"address: {text[:60]!r} is no IP address") from error
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return IPv4Network(address.ipv4_mapped)
        return IPv6Network((int(address), _IPV6_PREFIX), strict=False)
    return IPv4Network(address)


def of_range(text: str) -> Network:
    """Return a range that an admin gave, such as 198.51.100.0/24.

    Raises Unprocessable for what is none, and for one that is too wide.
    """
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise Unprocessable(
            f"network: {text[:60]!r} is no range of addresses, such as 198.51.100.0/24"
        ) from error
    if network.prefixlen < _WIDEST[network.version]:
        raise Unprocessable(f"network: {network} is too wide; IPv4 from /16, IPv6 from /32")
    if isinstance(network, IPv6Network) and network.prefixlen > _IPV6_PREFIX:
        return network.supernet(new_prefix=_IPV6_PREFIX)
    return network


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
