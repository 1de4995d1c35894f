"""The strip: the rarest and the newest of what a player has earned."""

from datetime import UTC, datetime

import msgspec

from api.achievements.catalogue import ACHIEVEMENTS
from api.achievements.service import Standing, strip

FAMILIES = list(dict.fromkeys(each.family for each in ACHIEVEMENTS.values()))


def standing(family: int, tier: int = 0, *, rarity: float | None = None, day: int = 0) -> Standing:
    """An achievement that was earned, on a day of January; 0: nobody knows when."""
    of_it = [each for each in ACHIEVEMENTS.values() if each.family == FAMILIES[family]]
    return Standing(
        **msgspec.structs.asdict(of_it[tier]),
        value=0,
        earned=True,
        at=datetime(2026, 1, day, tzinfo=UTC) if day else None,
        rarity=rarity,
    )


def test_the_rarest_come_first_and_the_newest_of_the_others_after_them() -> None:
    rare = [standing(n, rarity=n / 100, day=9 - n) for n in range(1, 5)]
    new = [standing(n, rarity=0.5, day=20 + n) for n in (6, 5)]
    old = standing(7, rarity=0.6, day=1)
    undated = standing(8, rarity=0.7)
    found = strip([undated, old, *new[::-1], *rare[::-1]])
    assert found.rarest == rare
    assert found.newest == [*new, old]


def test_of_a_family_the_highest_tier_stands_for_the_others() -> None:
    both = [standing(0, 1, rarity=0.9), standing(0, 0, rarity=0.1)]
    assert strip(both).rarest == strip(both[::-1]).rarest == both[:1]


def test_nothing_that_is_not_earned_is_in_it() -> None:
    waiting = msgspec.structs.replace(standing(0), earned=False)
    assert strip([waiting]) == strip([]) == msgspec.convert({"rarest": [], "newest": []}, type(strip([])))


def test_as_long_as_nobody_counted_how_rare_they_are_the_highest_come_first() -> None:
    low, high = standing(0, 0), standing(1, -1)
    assert strip([low, high]).rarest == [high, low]
