"""What lies in the inbox: runs of accepted lines, compressed, ready for ClickHouse's `ingest_batches`."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import zstandard

from api.stores.clickhouse import Column


class Run(msgspec.Struct, array_like=True, frozen=True):
    """Lines of one session that came together, separated by newlines. Times are unix milliseconds.

    `map` and `gametype` hold for the lines that do not name theirs.
    """

    server_id: int
    session_id: str
    received_ms: int
    anchor_ms: int
    map: str
    gametype: str
    lines: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Run])


def pack(runs: Sequence[Run]) -> bytes:
    """Encode runs for the inbox."""
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(runs))


def unpack(payload: bytes) -> list[Run]:
    """Decode what `pack` made."""
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(payload))


def columns(runs: Iterable[Run]) -> Mapping[str, Column]:
    """Return the columns of `ingest_batches`, a row for each run."""
    rows = list(runs)
    return {
        "server_id": [run.server_id for run in rows],
        "session_id": [run.session_id.encode() for run in rows],
        "received_ms": [run.received_ms for run in rows],
        "anchor_ms": [run.anchor_ms for run in rows],
        "map": [run.map.encode() for run in rows],
        "gametype": [run.gametype.encode() for run in rows],
        "lines": [run.lines for run in rows],
    }
