"""Whose address it is: what a proxy of ours says is believed, and nothing that a client can write."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.addresses import client, household, networks
from api.errors import ConfigurationError
from api.settings import load

OURS = networks("127.0.0.1, 10.0.0.0/8 fd00::/8")

addresses = st.ip_addresses().map(str)
proxies = st.ip_addresses(network="10.0.0.0/8").map(str) | st.ip_addresses(network="fd00::/8").map(str)
strangers = addresses.filter(lambda text: not any(_plain(text) in network for network in OURS))
junk = st.text(st.characters(exclude_characters=",", codec="latin-1"), max_size=40).filter(
    lambda text: not _is_address(text)
)


def _plain(text: str) -> object:
    found = ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def _is_address(text: str) -> bool:
    return client("127.0.0.1", [text], OURS) != "127.0.0.1" or "127.0.0.1" in text


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.1.1.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.1.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.1.1.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        ("10.1.1.1", ["198.51.100.7, 10.2.2.2", "127.0.0.1"], "198.51.100.7"),
        ("10.1.1.1", ["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
        ("10.1.1.1", ["198.51.100.7:5060"], "198.51.100.7"),
        ("10.1.1.1", ["[2001:db8::7]:5060"], "2001:db8::7"),
        ("10.1.1.1", ["2001:db8::7"], "2001:db8::7"),
        ("10.1.1.1", ["2001:DB8:0::7"], "2001:db8::7"),
        ("::ffff:10.1.1.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("fd00::1", ["fe80::1%eth0"], "fd00::1"),
        ("10.1.1.1", ["unknown"], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.7, unknown, 10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", ["", ",", " , "], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.07"], "10.1.1.1"),
        ("", ["198.51.100.7"], ""),
        ("testclient", ["198.51.100.7"], "testclient"),
    ],
)
def test_who_is_believed(peer: str, forwarded_for: list[str], found: str) -> None:
    assert client(peer, forwarded_for, OURS) == found


@given(strangers, st.lists(st.text()))
def test_a_stranger_s_header_is_not_even_read(peer: str, said: list[str]) -> None:
    assert client(peer, said, OURS) == str(_plain(peer))


@given(addresses, st.lists(st.text()))
def test_without_proxies_nobody_is_believed(peer: str, said: list[str]) -> None:
    assert client(peer, said, ()) == str(_plain(peer))


@given(proxies, st.lists(proxies), strangers, st.lists(st.text(max_size=20)), st.booleans())
def test_what_a_client_writes_itself_changes_nothing(
    peer: str, chain: list[str], sender: str, forged: list[str], apart: bool
) -> None:
    """Our proxies append: whatever stood there before them is the client's own invention."""
    honest = [sender, *chain]
    values = [*forged, *honest] if apart else [",".join([*forged, *honest])]
    assert client(peer, values, OURS) == str(_plain(sender))


@given(proxies, st.lists(proxies), junk, st.lists(addresses))
def test_junk_ends_what_can_be_seen(peer: str, chain: list[str], unreadable: str, before: list[str]) -> None:
    assert client(peer, [*before, unreadable, *chain], OURS) == str(_plain((chain or [peer])[0]))


@given(st.text(), st.lists(st.text()))
def test_nothing_breaks_it(peer: str, said: list[str]) -> None:
    assert isinstance(client(peer, said, OURS), str)
    assert isinstance(household(peer), str)


@given(st.integers(2**96, 2**128 - 1), st.integers(0, 2**64 - 1))
def test_an_ipv6_household_is_a_64(address: int, host: int) -> None:
    one, neighbour = IPv6Address(address), IPv6Address(address >> 64 << 64 | host)
    assert household(str(one)) == household(str(neighbour))
    assert household(str(one)).endswith("/64")


@given(st.ip_addresses(v=4))
def test_an_ipv4_household_is_an_address_however_it_is_written(address: object) -> None:
    assert household(str(address)) == household(f"::ffff:{address}") == f"{address}/32"


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example.org", "10.0.0.0/33", "*"])
def test_a_setting_that_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="AFTERACTION_TRUSTED_PROXIES"):
        load({"AFTERACTION_TRUSTED_PROXIES": text})
