"""Something on every page, with names that want to be more than names."""

from api.errors import RequestError
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.jobs import Steps, ask
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.stack import drain, player
from tests.web.browser import HOSTILE, TESTS

SERVER = "<script>alert('Omaha')</script>"


async def set_up(platform: Platform) -> int:
    """Fill the stores, and return the server's id."""
    await servers.add(platform.postgres, SERVER, TESTS)
    await servers.add(platform.postgres, "Quiet hill", TESTS)
    await servers.revoke(platform.postgres, "Quiet hill", TESTS)
    await _play(platform, 1)
    await _log_in(platform, 1)
    await Steps(platform.redis).note("write", 0.0, 0.01)
    await Steps(platform.redis).note("live", 1.0, 0.01, "<script>alert('live')</script>")
    await ask(platform.redis, "player_daily")
    return 1


async def _play(platform: Platform, server_id: int) -> None:
    names = [*HOSTILE, "Ann"]
    good = body([kill(n, name, "Bob") for n, name in enumerate(names)])
    bad = body([kill(n, "Ann", name) for n, name in enumerate(names, 100)]).replace(
        b'"player_kill"', b'"\\u0000<b>"'
    )
    for sent in (good, bad, b"<script>alert('line')</script>\xff\xe2\x80\xae"):
        try:
            decoded = decode(sent, max_events=99, max_event_bytes=9_999)
        except RequestError:
            continue
        await platform.inlet.commit(Arrival(server_id, 1_790_000_000, decoded))
    await drain(platform)


async def _log_in(platform: Platform, server_id: int) -> None:
    for member, name in enumerate(HOSTILE, 1):
        shown = name if name.isprintable() else f"Member {member}"
        client = player(platform, server_id, f"client{member}", name, f"192.0.2.{member}")
        await platform.logins.verify(client, (await platform.logins.issue(member, shown)).code)
    # A second member with the client of the first, and a used code from elsewhere.
    taken = player(platform, server_id, "client1", "Ann", "192.0.2.50")
    await platform.logins.verify(taken, (await platform.logins.issue(50, "Fifty")).code)
    used = (await platform.logins.issue(1, "<b>One</b>")).code
    for host, name in ((1, HOSTILE[0]), (99, HOSTILE[0])):
        away = player(platform, server_id, "client1", name, f"192.0.2.{host}")
        await platform.logins.verify(away, used)
