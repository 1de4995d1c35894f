"""Settings: read once, from `AFTERACTION_*` in the environment and from a TOML file.

The environment wins over the file. docs/settings.md is made from this module.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api import addresses
from api.errors import ConfigurationError

PREFIX = "AFTERACTION_"
FILE_SETTING = "AFTERACTION_CONFIG"
# The relay beside a game server has variables of its own, perhaps on the same machine.
_NOT_OURS = (FILE_SETTING, "AFTERACTION_RELAY_")


def _about(description: str, **limits: Any) -> Meta:
    return Meta(description=description, **limits)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. In the environment `port` is AFTERACTION_PORT, and so on."""

    data: Annotated[str, _about("Folder of the embedded engines.", min_length=1)] = "./data"
    host: Annotated[str, _about("Address to listen on.", min_length=1)] = "127.0.0.1"
    port: Annotated[int, _about("Port to listen on; 0 takes a free one.", ge=0, le=65535)] = 8080
    admin_token: Annotated[
        Annotated[str, Meta(min_length=16)] | None,
        _about("An admin's key of your own choosing. Without it, the first start makes one and prints it."),
    ] = None

    clickhouse_url: Annotated[
        str | None,
        _about(
            "clickhouse://user:password@host:9000/database, or clickhouses:// for TLS, with `?ca_certs=FILE` "
            "for an authority of your own; `?cluster=NAME` where it is a cluster. Without it: embedded."
        ),
    ] = None
    postgres_url: Annotated[
        str | None, _about("postgresql://user:password@host:5432/database. Without it: embedded.")
    ] = None
    redis_url: Annotated[str | None, _about("redis://host:6379/0. Without it: embedded Valkey.")] = None

    forum_url: Annotated[
        str | None,
        _about(
            "The database of the SMF forum, mysql://user:password@host:3306/database?prefix=smf_; "
            "`&socket=PATH` for a socket, `&ca_certs=FILE` for TLS. Without it: no forum (docs/forum.md)."
        ),
    ] = None
    public_url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$")] | None,
        _about(
            "Where browsers find the pages, as https://stats.example.org: links in the forum and "
            "pictures beside links lead there. Without it: the address that was asked."
        ),
    ] = None

    max_body_bytes: Annotated[
        int, _about("Largest request body, as sent. Over it: 413.", ge=1024, le=1 << 30)
    ] = 8 << 20
    max_unpacked_bytes: Annotated[
        int, _about("Largest request body after gzip or zstd. Over it: 413.", ge=1024, le=1 << 32)
    ] = 64 << 20
    max_batch_events: Annotated[int, _about("Most events in a request. Over it: 413.", ge=1)] = 20_000
    max_event_bytes: Annotated[
        int, _about("Largest single event. Over it: that event is quarantined.", ge=256)
    ] = 64 << 10

    body_seconds: Annotated[
        float, _about("Longest that a body may take to arrive, in seconds. Over it: 400.", gt=0, le=60)
    ] = 60

    block_events: Annotated[int, _about("Most events that the writer puts into one insert.", ge=1)] = 100_000
    poll_seconds: Annotated[
        float,
        _about("Pause between two inserts while there is less than a block, in seconds.", gt=0, le=60),
    ] = 1.0
    digest_days: Annotated[
        int,
        _about(
            "Days for which a repeat of events with unix timestamps but without numbers is recognised.", ge=1
        ),
    ] = 30

    read_access: Annotated[
        Literal["open", "key"],
        _about("Who may read stats, matches, servers and live: everybody, or holders of a key."),
    ] = "open"
    page_seconds: Annotated[
        int,
        _about(
            "Seconds for which a page that was made is shown again as it is; it says how old it is. 0: made "
            "anew each time.",
            ge=0,
            le=3600,
        ),
    ] = 10
    trusted_proxies: Annotated[
        str,
        _about(
            "Proxies whose X-Forwarded-For is believed, as addresses or networks: `127.0.0.1, 10.0.0.0/8`."
        ),
    ] = ""
    ingest_requests_per_minute: Annotated[
        int, _about("Most requests with events from a server, in each process. 0: no limit.", ge=0)
    ] = 60_000
    reads_per_minute: Annotated[
        int, _about("Most requests without a key from an address (IPv6: a /64). 0: no limit.", ge=0)
    ] = 600
    key_requests_per_minute: Annotated[
        int, _about("Most requests with a key, but for those with events. 0: no limit.", ge=0)
    ] = 6_000
    failed_keys_per_minute: Annotated[
        int, _about("Most requests from an address whose key opens nothing. 0: no limit.", ge=0)
    ] = 20

    game_commands_per_minute: Annotated[
        int,
        _about("Most questions about stats that a player may ask from inside the game. 0: no limit.", ge=0),
    ] = 20

    season_months: Annotated[
        int,
        _about(
            "Months of a season, the first of which begins with January: 1, 2, 3, 4, 6 or 12.", ge=1, le=12
        ),
    ] = 3

    live_timeout_seconds: Annotated[
        int, _about("Silence after which a live match is closed, in seconds.", ge=5)
    ] = 300

    live_followers: Annotated[
        int,
        _about(
            "Most browsers that live pages are sent to as they change, in each process; a tenth of them from "
            "one address. Others load the page again. 0: none.",
            ge=0,
            le=100_000,
        ),
    ] = 500

    engagement_window_seconds: Annotated[
        int, _about("Longest that a fight of an after-action report lasts, in seconds.", ge=1, le=3600)
    ] = 30
    engagement_gap_seconds: Annotated[
        int, _about("Longest pause between two kills of such a fight, in seconds.", ge=1, le=3600)
    ] = 12
    engagement_kills: Annotated[int, _about("Least kills of such a fight.", ge=1, le=100)] = 2

    login_trust_days: Annotated[
        int, _about("Days for which an address is trusted after a login with a code.", ge=1, le=3650)
    ] = 90
    login_session_days: Annotated[
        int,
        _about(
            "Days for which a player stays logged in, on connecting from a trusted address.", ge=1, le=3650
        ),
    ] = 30
    login_max_clients: Annotated[
        int,
        _about(
            "Most client ids that are linked to one member. A client without a lasting id has a new one "
            "each time it starts.",
            ge=1,
        ),
    ] = 500
    login_history_days: Annotated[int, _about("Days for which tries to log in are kept.", ge=1, le=3650)] = 90

    login_refused_days: Annotated[
        int,
        _about(
            "Days for which an address stays refused that was denied, or is trusted no more.",
            ge=1,
            le=3650,
        ),
    ] = 365

    address_days: Annotated[
        int,
        _about(
            "Days after which addresses of tries to log in, and those whose trust ran out, are forgotten.",
            ge=1,
            le=3650,
        ),
    ] = 30

    privacy_key: Annotated[
        Annotated[str, Meta(min_length=32)] | None,
        _about(
            "The key of the hashes that addresses and erased players are kept as, 32 characters or more; "
            "the same for all processes. Without it: the file `privacy.key` in the data folder, made at the "
            "first start."
        ),
    ] = None

    log_format: Annotated[Literal["text", "json"], _about("How log lines are written.")] = "text"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _about("The least important line that is logged.")
    ] = "info"

    @property
    def data_folder(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data).expanduser().resolve()


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises ConfigurationError, naming the setting, when one is unknown or has a value that cannot be.
    """
    values = _from_file(environment.get(FILE_SETTING)) | _from_environment(environment)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(error, values)) from error
    try:
        addresses.networks(settings.trusted_proxies)
    except ValueError as error:
        raise ConfigurationError(f"{PREFIX}TRUSTED_PROXIES: {error}") from error
    if 12 % settings.season_months:
        raise ConfigurationError(
            f"{PREFIX}SEASON_MONTHS = {settings.season_months}: seasons have to fill a year, so they last "
            "1, 2, 3, 4, 6 or 12 months"
        )
    return settings


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{FILE_SETTING}={path} cannot be read: {error}") from error
    for name in values:
        _known(name, f"{name} in {path}")
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and not variable.startswith(_NOT_OURS) and value != "":
            name = variable.removeprefix(PREFIX).lower()
            _known(name, variable)
            values[name] = value
    return values


def _known(name: str, shown: str) -> None:
    if name not in Settings.__struct_fields__:
        raise ConfigurationError(f"{shown} is not a setting. docs/settings.md lists all of them.")


def _explain(error: msgspec.ValidationError, values: Mapping[str, Any]) -> str:
    problem, _, place = str(error).partition(" - at `$.")
    name = place.removesuffix("`").partition("[")[0]
    secret = name in ("admin_token", "privacy_key") or name.endswith("_url")
    shown = "***" if secret else repr(values.get(name))
    return f"{PREFIX}{name.upper()} = {shown}: {problem}"


def render_markdown() -> str:
    """Return docs/settings.md: one row for each setting."""
    rows = [
        "# Settings",
        "",
        f"Read once at start, from the environment or from a TOML file that `{FILE_SETTING}` names",
        "(keys there are the names without prefix, in lower case). The environment wins.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for field in msgspec.structs.fields(Settings):
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{PREFIX}{field.name.upper()}` | {default} | {_description(field.type)} |")
    return "\n".join(rows) + "\n"


def _description(annotated: Any) -> str:
    return next(str(meta.description) for meta in annotated.__metadata__ if meta.description)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_markdown())
