"""The privacy key and the database that began with it: that they fit, and what was kept in the clear."""

from ipaddress import ip_network

import msgspec
import structlog

from api import keyed
from api.errors import ConfigurationError
from api.keyed import Keyed
from api.settings import Settings
from api.stores.migrations import Fill
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "privacy_key")
_HASHED = {
    "tries": "hash_history",
    "codes": "hash_codes",
    "trusted": "hash_trusted",
    "approvals": "hash_approvals",
    "decisions": "tag_decisions",
}

log = structlog.get_logger()


class _Proof(msgspec.Struct):
    proof: bytes


class _Network(msgspec.Struct):
    network: str


async def check(postgres: Postgres, settings: Settings) -> None:
    """Raise ConfigurationError for another key than the one with which this database began.

    Under another one, no address and nobody who was erased would be known again.
    """
    async with postgres.transaction() as connection:
        await _prove(connection, keyed.load(settings))


def fills(settings: Settings) -> dict[str, Fill]:
    """Return what migrations of Postgres need besides SQL, by their names."""

    async def hash_addresses(connection: Connection) -> None:
        await _hash_addresses(connection, settings)

    return {"hashed_addresses": hash_addresses}


async def _prove(connection: Connection, hashes: Keyed) -> None:
    mine = hashes.hash("proof", "")
    await connection.execute(_SQL["prove"], (mine,))
    found = await fetch(connection, _SQL["proof"], _Proof)
    if not found or found[0].proof != mine:
        raise ConfigurationError(
            "the privacy key is not the one with which this database began: give every process the same "
            "AFTERACTION_PRIVACY_KEY, or the file privacy.key of the first one's data folder"
        )


async def _hash_addresses(connection: Connection, settings: Settings) -> None:
    """Hash the networks that stand in the clear, and log how many rows that were."""
    clear = [row.network for row in await fetch(connection, _SQL["clear_networks"], _Network)]
    if not clear:
        return
    hashes = keyed.load(settings)
    await _prove(connection, hashes)
    await connection.execute(_SQL["hashed_networks"])
    texts = [str(ip_network(network)) for network in clear]
    await connection.execute(
        _SQL["add_hashed"],
        (clear, [hashes.hash("network", text) for text in texts], [hashes.seal(text) for text in texts]),
    )
    rows = {what: (await connection.execute(_SQL[name])).rowcount for what, name in _HASHED.items()}
    log.info("addresses hashed that stood in the clear", **rows)
