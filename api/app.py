"""The HTTP application: every domain's routes, and what they are given."""

from collections.abc import Sequence

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.types import ControllerRouterHandler

import api.achievements.routes
import api.audit.admin
import api.auth.admin
import api.game.routes
import api.health.routes
import api.ingest.admin
import api.ingest.routes
import api.left_out.admin
import api.live.routes
import api.logins.admin
import api.logins.members
import api.logins.routes
import api.matches.routes
import api.players.admin
import api.privacy.admin
import api.ratings.routes
import api.reports.admin
import api.reports.routes
import api.search.routes
import api.servers.admin
import api.servers.routes
import api.stats.career.routes
import api.stats.routes
from api import __version__, access
from api.forum import areas
from api.ingest.routes import Door
from api.live.service import LastPicture
from api.platform import Platform
from api.requests import HeadMiddleware, RequestMiddleware
from api.web import pages, site
from api.web.assets import Assets
from api.web.kept import Pages


def create_app(platform: Platform) -> Litestar:
    """Return the application over opened stores."""
    entry = access.Access(platform.gate, platform.limits, platform.settings)
    assets = Assets()
    return _application(
        platform,
        entry,
        assets,
        [
            api.ingest.routes.router,
            *pages.routes(platform, entry, assets),
            areas.routes(platform, entry),
            Router(
                "/",
                guards=[access.guard_of(entry)],
                route_handlers=[
                    *api.health.routes.route_handlers,
                    api.live.routes.router,
                    api.game.routes.router,
                    api.servers.routes.router,
                    api.matches.routes.router,
                    api.ratings.routes.router,
                    api.reports.routes.router,
                    api.stats.career.routes.router,
                    api.stats.routes.router,
                    api.stats.routes.servers_router,
                    api.achievements.routes.router,
                    api.search.routes.router,
                    api.audit.admin.router,
                    api.auth.admin.router,
                    api.ingest.admin.router,
                    api.ingest.admin.blocks_router,
                    api.logins.routes.router,
                    api.logins.members.router,
                    api.logins.admin.member_router,
                    api.logins.admin.router,
                    api.left_out.admin.router,
                    api.players.admin.router,
                    api.privacy.admin.router,
                    api.reports.admin.router,
                    api.servers.admin.router,
                ],
            ),
        ],
    )


def create_forum_app(platform: Platform) -> Litestar:
    """Return what the forum asks for, alone, with the files that its fragments need."""
    entry = access.Access(platform.gate, platform.limits, platform.settings)
    assets = Assets()
    health = Router("/", guards=[access.guard_of(entry)], route_handlers=[*api.health.routes.route_handlers])
    handlers = [health, areas.routes(platform, entry), site.static_files(assets)]
    return _application(platform, entry, assets, handlers)


def _application(
    platform: Platform, entry: access.Access, assets: Assets, handlers: Sequence[ControllerRouterHandler]
) -> Litestar:
    app = Litestar(
        route_handlers=handlers,
        dependencies={
            **{name: _provide(value) for name, value in _given(platform, entry).items()},
            "caller": Provide(access.caller_of, sync_to_thread=False),
            "actor": Provide(access.actor_of, sync_to_thread=False),
        },
        exception_handlers=site.error_handlers(),
        template_config=site.templates(assets, has_forum=platform.forum is not None),
        openapi_config=OpenAPIConfig(
            title="After Action", version=__version__, path="/api/docs", render_plugins=[ScalarRenderPlugin()]
        ),
        state=State(
            {
                "pages": Pages(
                    platform.redis,
                    platform.postgres,
                    platform.settings.page_seconds,
                    platform.settings.public_url,
                ),
                # Whom the first page ranked last.
                "ranked": "exclude",
                "assets": assets,
            }
        ),
        request_max_body_size=platform.settings.max_body_bytes,
        logging_config=None,
    )
    # Around the router as well, or what leads nowhere would have no request id and not be counted.
    app.asgi_handler = RequestMiddleware(HeadMiddleware(app.asgi_handler))
    return app


def _given(platform: Platform, entry: access.Access) -> dict[str, object]:
    """Return what handlers may ask for, by name."""
    return {
        "platform": platform,
        "entry": entry,
        "settings": platform.settings,
        "postgres": platform.postgres,
        "clickhouse": platform.clickhouse,
        "redis": platform.redis,
        "inlet": platform.inlet,
        "logins": platform.logins,
        "limits": platform.limits,
        "last": LastPicture(),
        "door": Door(entry, platform.limits, platform.inlet, platform.redis, platform.settings.body_seconds),
    }


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
