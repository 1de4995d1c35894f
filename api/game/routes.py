"""HTTP: what players ask in the game, brought by their game server."""

from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from api.auth.service import Caller
from api.game import service
from api.game.service import Question, Told
from api.limits import Limits
from api.logins.service import Logins
from api.settings import Settings
from api.stats.periods import calendar
from api.stores.clickhouse import ClickHouse

Text = Annotated[str, Meta(max_length=128)]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A player's question. `client_id` is empty for a client that takes no id."""

    command: Annotated[Text, Meta(examples=["rank"])]
    arguments: Annotated[Text, Meta(examples=["kd week"])] = ""
    client_id: Annotated[str, Meta(max_length=64, pattern="^[!-~]*$")] = ""
    name: Text = ""


@post(
    "/commands", operation_id="askInGame", summary="A player asks for stats", tags=["game"], status_code=200
)
async def ask(
    data: JSONBody[Asked],
    logins: NamedDependency[Logins],
    clickhouse: NamedDependency[ClickHouse],
    limits: NamedDependency[Limits],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
) -> Told:
    """Answer `stats`, `rank`, `top`, `last`, `nemesis` or `whoami` in at most six lines of 120 bytes.

    `outcome`: `answered`, `unknown` (no such command; the lines say which there are), `wait` (too often) or
    `away` (the stats cannot be asked now). The lines hold no quotes, no colour codes, no %.
    """
    question = Question(
        caller.server_id, data.client_id, _clean(data.name), data.command, _clean(data.arguments)
    )
    return await service.answer(logins, clickhouse, limits, question, calendar(settings.season_months))


def _clean(text: str) -> str:
    return text.replace("\0", "")


router = Router("/api/v1/game", opt={"access": "server"}, route_handlers=[ask])
