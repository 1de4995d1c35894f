"""Players: finding them, and saying that two are one."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Meta
from redis.asyncio import Redis

from api import paging
from api.audit.service import Actor
from api.paging import START
from api.platform import Platform
from api.players import marks, merges
from api.players.admin import NewFlag, NewMark, NewMerge, PlayerPath
from api.players.identities import Bots
from api.privacy import service as privacy
from api.settings import Settings
from api.stats import players
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.web.admin.desk import Here, PageRequest, asked, done, form, page

_ROWS = 50
_CANDIDATES = 20
_RUNGS = {"verified": "member", "client": "client id", "name": "name alone", "bot": "bot"}

_Words = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")]


class _Asked(msgspec.Struct):
    q: _Words = ""
    bots: Bots = "exclude"
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class _AskedOne(msgspec.Struct):
    q: _Words = ""


@get("/admin/players")
async def list_players(request: PageRequest, platform: Here) -> Template:
    """Find players by a part of any name that they used, the latest first."""
    query = asked(request, _Asked)
    after = paging.decode(query.cursor)
    found = await players.find(platform.clickhouse, query.q, "last_seen", query.bots, after, _ROWS, "include")
    older = None
    if found.next_cursor:
        older = "/admin/players?" + urlencode({"q": query.q, "bots": query.bots, "cursor": found.next_cursor})
    return page(
        request,
        "admin/players.html",
        "players",
        asked=query,
        players=found.players,
        merges=await merges.current(platform.postgres, platform.clickhouse),
        rungs=_RUNGS,
        older_page=older,
    )


@get("/admin/players/{player_id:str}")
async def show_player(request: PageRequest, platform: Here, player_id: PlayerPath) -> Template:
    """Show a player, and with `q` others with whom they could be one."""
    query = asked(request, _AskedOne)
    player = await players.player(platform.clickhouse, player_id)
    candidates = []
    if query.q:
        found = await players.find(
            platform.clickhouse, query.q, "last_seen", "include", START, _CANDIDATES, "include"
        )
        candidates = [row for row in found.players if row.player.id != player.identity.id]
    return page(
        request,
        "admin/player.html",
        "players",
        player=player,
        q=query.q,
        candidates=candidates,
        merges=await merges.current(platform.postgres, platform.clickhouse, player.identity.id),
        marks=await marks.current(platform.postgres, platform.clickhouse, player.identity.id),
        rungs=_RUNGS,
    )


@post("/admin/players/{player_id:str}/merge", status_code=200)
async def merge_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Merge a player into another."""
    new = await form(request, NewMerge)
    made = await merges.merge(platform.postgres, platform.clickhouse, player_id, new.into, actor)
    notice = f"Merged: what {made.player} did counts for this player."
    return await done(request, platform, notice, f"/admin/players/{made.into}")


@post("/admin/players/{player_id:str}/split", status_code=200)
async def split_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Undo a merge."""
    made = await merges.split(platform.postgres, platform.clickhouse, player_id, actor)
    notice = f"Split: {made.player} and {made.into} are two players again."
    return await done(request, platform, notice, "/admin/players")


@post("/admin/players/{player_id:str}/mark", status_code=200)
async def mark_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Say that a player is a bot, or is none."""
    new = await form(request, NewMark)
    stores = platform.postgres, platform.clickhouse
    made = await marks.mark(*stores, player_id, new.word, new.reason or "", actor)
    said = {"bot": "A bot, from now on.", "person": "No bot, from now on.", "events": "As events say, again."}
    return await done(request, platform, said[new.word], f"/admin/players/{made.player}")


@post("/admin/players/{player_id:str}/flag", status_code=200)
async def flag_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Keep a player off all boards."""
    new = await form(request, NewFlag)
    made = await marks.flag(platform.postgres, platform.clickhouse, player_id, new.reason, actor)
    return await done(request, platform, "Flagged: on no board.", f"/admin/players/{made.player}")


@post("/admin/players/{player_id:str}/unflag", status_code=200)
async def unflag_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Let a player stand on boards again."""
    made = await marks.unflag(platform.postgres, platform.clickhouse, player_id, actor)
    return await done(request, platform, "On boards again.", f"/admin/players/{made.player}")


@post("/admin/players/{player_id:str}/export", status_code=200)
async def export_player(
    platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Response[bytes]:
    """Give out all that is kept of a player, as a file."""
    found = await privacy.export(platform.postgres, platform.clickhouse, platform.settings, player_id, actor)
    packed = msgspec.json.format(msgspec.json.encode(found), indent=2)
    headers = {"Content-Disposition": f'attachment; filename="player-{found.player}.json"'}
    return Response(packed, media_type="application/json", headers=headers)


@get("/admin/players/{player_id:str}/erase")
async def ask_erase(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Template:
    """Say what erasing a player would take out."""
    would = await privacy.erase(*_stores(platform), player_id, actor, dry_run=True)
    rows = {table: count for table, count in sorted(would.rows.items()) if count}
    return page(
        request, "admin/erase.html", "players", player=player_id, rows=rows, namesakes=would.namesakes
    )


@post("/admin/players/{player_id:str}/erase", status_code=200)
async def erase_player(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], player_id: PlayerPath
) -> Redirect:
    """Take a player out of everything."""
    erased = await privacy.erase(*_stores(platform), player_id, actor, dry_run=False)
    notice = f"Erased. What was counted is now the anonymous player {erased.player}'s."
    return await done(request, platform, notice, "/admin/players")


def _stores(platform: Platform) -> tuple[Postgres, ClickHouse, Redis, Settings]:
    return platform.postgres, platform.clickhouse, platform.redis, platform.settings


handlers = [
    list_players,
    show_player,
    merge_player,
    split_player,
    mark_player,
    flag_player,
    unflag_player,
    export_player,
    ask_erase,
    erase_player,
]
