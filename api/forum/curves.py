"""How a member's ratings came about, drawn for the area "Combat record"."""

from datetime import date
from typing import Final

import msgspec
from markupsafe import Markup

from api.paging import START
from api.ratings import service as ratings
from api.ratings.service import Current, Day
from api.stores.clickhouse import ClickHouse
from api.web.charts.band import band

_MOST: Final = 4


class Curve(msgspec.Struct):
    """A rating in a game type; `picture` is empty where there is but one day."""

    now: Current
    picture: Markup
    since: date | None


async def curves_of(clickhouse: ClickHouse, player_id: str) -> list[Curve]:
    """Return a player's ratings, the latest played first."""
    found = await ratings.player_rating(clickhouse, player_id, None, START, 1)
    return [_curve(n, now, found.curve) for n, now in enumerate(found.current[:_MOST])]


def _curve(n: int, now: Current, days: list[Day]) -> Curve:
    own = [day for day in reversed(days) if day.gametype == now.gametype]
    picture = band(
        [day.rating.mu for day in own],
        [day.rating.low for day in own],
        [day.rating.high for day in own],
        [],
        ident=f"rating-{n}",
        title=f"Rating in {now.gametype or 'an unknown game type'}, day by day",
        desc=f"Now {now.rating.mu:.1f}, with 95% between {now.rating.low:.1f} and {now.rating.high:.1f}.",
    )
    return Curve(now, picture, own[0].day if own else None)
