"""All areas in the forum as routes."""

from litestar import Router
from litestar.di import Provide

from api import access
from api.access import Access
from api.forum import achievements, alerts, desk, identity, playing, record, site_login, teams, tournaments
from api.platform import Platform

_MAX_FORM_BYTES = 64 << 10


def routes(platform: Platform, entry: Access) -> Router:
    """Return the routes of all areas."""
    return Router(
        "/forum",
        opt={"access": "member"},
        guards=[access.guard_of(entry), desk.guard_of(platform.redis)],
        dependencies={
            "viewer": Provide(desk.viewer_of, sync_to_thread=False),
            "actor": Provide(desk.actor_of, sync_to_thread=False),
        },
        request_max_body_size=_MAX_FORM_BYTES,
        include_in_schema=False,
        route_handlers=[
            *record.handlers,
            *identity.handlers,
            *site_login.handlers,
            *alerts.handlers,
            *achievements.handlers,
            *playing.handlers,
            *teams.handlers,
            *tournaments.handlers,
        ],
    )
