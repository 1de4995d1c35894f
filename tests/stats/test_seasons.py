"""How long a season lasts is a setting: wherever a board of one is shown, that is what it counts."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from api.platform import Platform
from api.servers import service as servers
from api.stats.periods import Calendar, window
from tests.events_made import kill
from tests.sql.feed import Batch, feed
from tests.stack import Stack, http_client
from tests.web.browser import TESTS
from tests.web.played import HTML

# The first moments of this year: of this season only where one is a year.
BEGIN = datetime(datetime.now(UTC).year, 1, 1, 0, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("months", [1, 12])
def test_boards_of_a_season_count_as_many_months_as_are_set(stack: Stack, months: int) -> None:
    today = datetime.now(UTC)
    since = window("season", Calendar(today.date(), months)).since.isoformat()
    counts = months == 12 or today.month == 1

    async def ask(platform: Platform) -> None:
        received = Batch(received_ms=int(today.timestamp() * 1000))
        event = kill(0, "Ann", "Bob", timestamp=BEGIN.timestamp())
        await feed(platform.clickhouse, [json.dumps(event)], received)
        token = await servers.add(platform.postgres, "one", TESTS)
        async with http_client(platform) as client:
            board = (await client.get("/api/v1/stats/leaderboards/kills?period=season")).json()
            assert board["since"] == since
            assert [place["player"]["name"] for place in board["players"]] == ["Ann"] * counts
            shown = (await client.get("/leaderboards/kills?period=season", headers=HTML)).text
            assert f"Counted from {since}" in shown
            assert ("Ann" in shown) == counts
            framed = (await client.get("/embed/leaderboards/kills?period=season", headers=HTML)).text
            assert ("Ann" in framed) == counts
            asked = {"client_id": "", "name": "Bob", "command": "top", "arguments": "kills season"}
            told = await client.post(
                "/api/v1/game/commands", json=asked, headers={"Authorization": f"Bearer {token}"}
            )
            line = "Kills, this season: 1. Ann 1" if counts else "Kills, this season: nobody is on"
            assert told.json()["lines"][0].startswith(line), told.text
            explained = (await client.get("/docs/stats", headers=HTML)).text
            assert ("A season is a year." if months == 12 else "A season is a month.") in explained

    settings = msgspec.structs.replace(stack.settings, season_months=months)
    Stack(settings, stack.engines, stack.clickhouse).run(ask)
