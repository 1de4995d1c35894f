"""Whose address a request comes from, when proxies stand before us: a rule without I/O."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list such as "127.0.0.1, 10.0.0.0/8, fd00::/8".

    Raises ValueError, naming what is no network.
    """
    return tuple(ip_network(part) for part in text.replace(",", " ").split())


def client(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of whoever sent a request that came over the connection of `peer`.

    `forwarded_for` are the values of all X-Forwarded-For headers, in their order. Each proxy appends whom it
    heard from, so they are read from the end, and only as far as the one who wrote is trusted: the first
    address that is no trusted proxy's is the client's. What cannot be read ends it: the proxy that let it
    through is as far as anybody can see.
    """
    believed = _parsed(peer)
    if believed is None:
        return peer
    for entry in _from_the_end(forwarded_for):
        if not _is_in(believed, trusted):
            break
        said = _parsed(_without_port(entry))
        if said is None:
            break
        believed = said
    return str(believed)


def is_in(address: str, trusted: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of the networks."""
    parsed = _parsed(address)
    return parsed is not None and _is_in(parsed, trusted)


def household(address: str) -> str:
    """Return what is counted as one sender: the /32 of an IPv4 address, or the /64 of an IPv6 address."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 64 if parsed.version == 6 else 32), strict=False))


def _from_the_end(values: Sequence[str]) -> Iterable[str]:
    for value in reversed(values):
        for entry in reversed(value.split(",")):
            yield entry.strip()


def _without_port(entry: str) -> str:
    """Some proxies write 192.0.2.1:5060 or [2001:db8::1]:5060."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _parsed(text: str) -> _Address | None:
    """Read an address; one that names an interface is of this machine alone, and is not believed."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _is_in(address: _Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
