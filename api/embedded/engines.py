"""The engines that the settings ask for: servers where a URL is set, embedded ones where none is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.embedded import postgres, valkey
from api.embedded.deduplication import forget_lost_blocks
from api.embedded.folder import DataFolder
from api.embedded.process import Child
from api.errors import ConfigurationError
from api.settings import Settings

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the engines answer. ClickHouse is a URL, or the folder of the embedded one.

    `children` are the embedded engines that this process runs.
    """

    postgres_url: str
    redis_url: str
    clickhouse_url: str | None
    clickhouse_folder: Path | None = None
    data: DataFolder | None = None
    children: tuple[Child, ...] = ()


@contextmanager
def running(settings: Settings, say: Say) -> Iterator[Engines]:
    """Start the embedded engines that are needed, and stop them at the end of the block.

    Raises ConfigurationError when one does not start, or another process runs the data folder.
    """
    if settings.clickhouse_url and settings.postgres_url and settings.redis_url:
        yield Engines(settings.postgres_url, settings.redis_url, settings.clickhouse_url)
        return
    data = DataFolder(settings.data_folder)
    data.create()
    with ExitStack() as stack:
        stack.enter_context(data.lock())
        if not settings.clickhouse_url and (lost := forget_lost_blocks(data.clickhouse)):
            say(f"ClickHouse was killed while it wrote: {lost} blocks will be written again")
        children = []
        for url, name, engine in (
            (settings.postgres_url, "Postgres", postgres),
            (settings.redis_url, "Valkey", valkey),
        ):
            if not url:
                say(f"starting {name}")
                children.append(engine.start(data))
                stack.callback(children[-1].stop)
        yield Engines(
            postgres_url=settings.postgres_url or data.postgres_url,
            redis_url=settings.redis_url or data.redis_url,
            clickhouse_url=settings.clickhouse_url,
            clickhouse_folder=None if settings.clickhouse_url else data.clickhouse,
            data=data,
            children=tuple(children),
        )


def servers(settings: Settings, command: str) -> Engines:
    """Return the configured servers, for a command that shares them with other processes.

    Raises ConfigurationError when one is not configured: the embedded engines allow one process.
    """
    wanted = {
        "AFTERACTION_CLICKHOUSE_URL": settings.clickhouse_url,
        "AFTERACTION_POSTGRES_URL": settings.postgres_url,
        "AFTERACTION_REDIS_URL": settings.redis_url,
    }
    absent = [name for name, value in wanted.items() if not value]
    if absent:
        raise ConfigurationError(
            f"`afteraction {command}` shares its engines with other processes, so it needs servers: set "
            f"{', '.join(absent)}. `afteraction up` runs everything in one process without them."
        )
    return Engines(settings.postgres_url or "", settings.redis_url or "", settings.clickhouse_url)


def beside(settings: Settings) -> Engines | None:
    """Return the engines of the After Action that runs the data folder now, None when none does.

    Its ClickHouse cannot be reached from here: both ClickHouse fields are None.
    """
    data = DataFolder(settings.data_folder)
    if settings.clickhouse_url or not data.path.is_dir() or not data.is_run():
        return None
    return Engines(
        settings.postgres_url or data.postgres_url, settings.redis_url or data.redis_url, None, data=data
    )
