"""What a player has earned, and how rare each achievement is. Nothing here asks the forum."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from redis.asyncio import Redis

from api.achievements import queries
from api.achievements.catalogue import ACHIEVEMENTS, DIGEST, TIERS, Achievement
from api.achievements.judging import Facts, Judged, judge
from api.players.identities import Identity, known
from api.stores.clickhouse import ClickHouse
from api.stores.redis import away

_RARITY: Final = "achievements:rarity"
_OF_EACH: Final = 4

_Share = Annotated[
    float | None,
    Meta(
        description="share of the players who have it, among those with a match behind them; bots and "
        "flagged players do not count; counted every ten minutes, null before that"
    ),
]


class Rarity(msgspec.Struct):
    """How many players could have earned achievements, and how many have each, at some time."""

    players: int
    earned: dict[str, int]
    at: datetime
    catalogue: int

    def share(self, id_: str) -> float | None:
        """Return the share of players who have an achievement; None where there are no players."""
        return self.earned.get(id_, 0) / self.players if self.players else None


class Standing(Achievement, frozen=True, kw_only=True):
    """How far a player is with an achievement."""

    value: Annotated[float, Meta(description="what was counted so far; earned from `target` on")]
    earned: bool
    match: Annotated[
        str | None, Meta(description="with which it was earned; of a career, only forums know")
    ] = None
    at: datetime | None = None
    rarity: _Share = None


class PlayerAchievements(msgspec.Struct):
    """All achievements and how far a player is; hidden ones only if earned."""

    player: Identity
    excluded: Annotated[Literal["bot", "flagged"] | None, Meta(description="why the player can earn nothing")]
    earned: int
    there_are: int
    hidden_left: Annotated[int, Meta(description="hidden ones that are not earned")]
    achievements: list[Standing]


class Strip(msgspec.Struct, frozen=True):
    """A few of what was earned: the rarest, and of the others the latest whose time is known."""

    rarest: list[Standing]
    newest: list[Standing]


class Listed(Achievement, frozen=True, kw_only=True):
    """An achievement, and how rare it is."""

    rarity: _Share = None


class Catalogue(msgspec.Struct):
    """All achievements but for hidden ones."""

    players: Annotated[int | None, Meta(description="who could have earned them; null before a first count")]
    hidden: int
    achievements: list[Listed]


def strip(standings: list[Standing]) -> Strip:
    """Return the rarest and the newest of what is earned, of each family the highest tier only."""
    highest = {
        each.family: each
        for each in sorted(standings, key=lambda each: TIERS.index(each.tier))
        if each.earned
    }
    by_rarity = sorted(
        highest.values(),
        key=lambda each: (1 if each.rarity is None else each.rarity, -TIERS.index(each.tier)),
    )
    left = [(each.at, each) for each in by_rarity[_OF_EACH:] if each.at is not None]
    newest = sorted(left, key=lambda pair: pair[0], reverse=True)
    return Strip(by_rarity[:_OF_EACH], [each for _, each in newest[:_OF_EACH]])


async def of_player(clickhouse: ClickHouse, redis: Redis, player_id: str) -> PlayerAchievements:
    """Return how far a player is with everything. Raises NotFound for one who was never seen."""
    who = await known(clickhouse, player_id)
    facts = (await queries.facts(clickhouse, [who.player])).get(who.player) or Facts(who.player)
    rare = await rarity(redis)
    judged = judge(facts)
    shown = [_standing(each, rare) for each in judged if each.earned or not each.achievement.hidden]
    return PlayerAchievements(
        who.identity,
        "flagged" if facts.flagged else "bot" if facts.bot else None,
        sum(each.earned for each in judged),
        len(judged),
        len(judged) - len(shown),
        shown,
    )


async def catalogue(redis: Redis) -> Catalogue:
    """Return all achievements that are not hidden, with how rare they are."""
    rare = await rarity(redis)
    shown = [
        Listed(**msgspec.structs.asdict(each), rarity=rare.share(each.id) if rare else None)
        for each in ACHIEVEMENTS.values()
        if not each.hidden
    ]
    return Catalogue(rare.players if rare else None, len(ACHIEVEMENTS) - len(shown), shown)


async def rarity(redis: Redis) -> Rarity | None:
    """Return how rare achievements are, as it was last counted for this catalogue."""
    with away():
        found = await redis.get(_RARITY)
    kept = msgspec.json.decode(found, type=Rarity) if found else None
    return kept if kept and kept.catalogue == DIGEST else None


async def count_rarity(clickhouse: ClickHouse, redis: Redis) -> Rarity:
    """Count how rare achievements are, and keep it."""
    players, earned = await queries.rarity(clickhouse)
    counted = Rarity(players, earned, datetime.now(UTC), DIGEST)
    with away():
        await redis.set(_RARITY, msgspec.json.encode(counted))
    return counted


def _standing(judged: Judged, rare: Rarity | None) -> Standing:
    # Of a career only those know the match who judge after each one.
    end = judged.end if judged.achievement.kind == "match" else None
    return Standing(
        **msgspec.structs.asdict(judged.achievement),
        value=judged.value,
        earned=judged.earned,
        match=end.match if end else None,
        at=end.at if end else None,
        rarity=rare.share(judged.achievement.id) if rare else None,
    )
