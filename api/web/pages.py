"""All pages as routes."""

from typing import Any, Final

from litestar import Router

from api.access import Access
from api.platform import Platform
from api.web.admin import audit, desk, events, flags, jobs, keys, login, logins, overview, players, servers
from api.web.assets import Assets
from api.web.public import (
    achievements,
    cards,
    career,
    compare,
    digest,
    embeds,
    home,
    leaderboards,
    live,
    maps,
    matches,
    records,
    search,
    visitor,
    weapons,
)
from api.web.public import players as public_players
from api.web.public import servers as public_servers
from api.web.public.render import guard_of
from api.web.site import static_files

_MAX_FORM_BYTES = 64 << 10
_FOR_EVERYBODY: Final = (
    home.home,
    public_players.list_players,
    public_players.show_player,
    cards.player_picture,
    leaderboards.list_boards,
    leaderboards.show_board,
    leaderboards.explain_stats,
    leaderboards.show_rows,
    matches.list_matches,
    matches.show_match,
    cards.match_picture,
    live.show_live,
    live.stream_live,
    live.show_live_match,
    weapons.list_weapons,
    weapons.show_weapon,
    maps.list_maps,
    maps.show_map,
    public_servers.list_servers,
    public_servers.show_server,
    digest.this_week,
    search.show_search,
    digest.show_week,
    career.show_form,
    career.list_matches,
    career.list_rivals,
    career.show_combat,
    career.show_weapons,
    career.show_activity,
    achievements.list_achievements,
    achievements.show_achievements,
    compare.show_comparison,
    records.show_records,
    embeds.player_card,
    achievements.achievements_strip,
    embeds.top_ten,
    embeds.live_box,
    embeds.match_card,
)


def routes(platform: Platform, entry: Access, assets: Assets) -> list[Any]:
    """Return the routes of all pages and of what they ask for."""
    common: dict[str, Any] = {
        "response_headers": desk.HEADERS,
        "request_max_body_size": _MAX_FORM_BYTES,
        "include_in_schema": False,
        "exception_handlers": {desk.LoginNeeded: desk.to_login},
    }
    return [
        static_files(assets),
        Router(
            "/",
            route_handlers=_FOR_EVERYBODY,
            opt={"access": "read"},
            guards=[guard_of(entry, platform.sessions)],
            include_in_schema=False,
        ),
        Router(
            "/",
            route_handlers=[login.show_login, login.log_in, *visitor.handlers],
            opt={"access": "open"},
            **common,
        ),
        Router(
            "/",
            route_handlers=[
                login.log_out,
                overview.overview,
                *servers.handlers,
                *keys.handlers,
                *logins.handlers,
                *players.handlers,
                *flags.handlers,
                *events.handlers,
                jobs.list_jobs,
                audit.list_audit,
            ],
            opt={"access": "session"},
            guards=[desk.guard_of(entry, platform.sessions)],
            before_request=desk.forms_are_ours,
            **common,
        ),
    ]
