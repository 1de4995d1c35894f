"""The catalogue of achievements, read from catalogue.toml and held against what can be counted."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.achievements.facts import CAREER, MATCH

_FILE: Final = Path(__file__).with_name("catalogue.toml")

Tier = Literal["bronze", "silver", "gold", "platinum"]
Category = Literal[
    "combat",
    "marksmanship",
    "survival",
    "teamwork",
    "victory",
    "service",
    "movement",
    "supplies",
    "social",
    "mishaps",
]
Counts = Literal["career", "match", "matches"]
Kind = Literal["match", "career"]
TIERS: Final[tuple[Tier, ...]] = ("bronze", "silver", "gold", "platinum")
CATEGORIES: Final[tuple[Category, ...]] = (
    "combat",
    "marksmanship",
    "survival",
    "teamwork",
    "victory",
    "service",
    "movement",
    "supplies",
    "social",
    "mishaps",
)
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Target = Annotated[float, Meta(gt=0)]


_ONE: Final = {
    "1 enemies": "an enemy",
    "1 matches": "a match",
    "1 free-for-all matches": "a free-for-all match",
    "1 times": "once",
}


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier of a family, as the file says it."""

    tier: Tier
    at: Target
    name: Name


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One thing to count, and the tiers that it has. The head of catalogue.toml says what the fields are."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,49}$")]
    category: Category
    counts: Counts
    about: str
    tiers: Annotated[tuple[Step, ...], Meta(min_length=1)]
    of: str = ""
    scale: Target = 1
    hidden: bool = False
    least: dict[str, float] = {}
    most: dict[str, float] = {}

    @cached_property
    def achievements(self) -> tuple["Achievement", ...]:
        """Its tiers as achievements, the lowest first."""
        kind: Kind = "match" if self.counts == "match" else "career"
        return tuple(
            Achievement(
                id=f"{self.id}_{step.tier}",
                name=step.name,
                about=_told(self.about, step.at),
                category=self.category,
                tier=step.tier,
                kind=kind,
                hidden=self.hidden,
                target=step.at,
                family=self.id,
            )
            for step in self.tiers
        )


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be earned: a tier of a family."""

    id: Annotated[str, Meta(examples=["kills_bronze"])]
    name: str
    about: str
    category: Category
    tier: Tier
    kind: Annotated[Kind, Meta(description="earned within one match, or by all play")]
    hidden: Annotated[bool, Meta(description="shown to those only who have earned it")]
    target: Annotated[float, Meta(description="at which it is earned")]
    family: Annotated[str, Meta(description="achievements of one family are its tiers")]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: list[Family]


def read(text: bytes) -> tuple[Family, ...]:
    """Return the families of a catalogue's text. Raises ValueError for what cannot be counted."""
    families = tuple(msgspec.toml.decode(text, type=_File).family)
    seen: set[str] = set()
    for family in families:
        if family.id in seen:
            raise ValueError(f"{family.id}: this id is there twice")
        seen.add(family.id)
        _check(family)
    return families


def _check(family: Family) -> None:
    """Raise ValueError for a family that does not hold together."""
    known = MATCH if family.counts == "match" else CAREER
    if family.counts == "matches":
        if family.of or not family.least | family.most:
            raise ValueError(f'{family.id}: "matches" counts by `least` and `most`, and not `of` something')
    elif family.of not in known:
        raise ValueError(f"{family.id}: {family.of!r} cannot be counted; these can: {', '.join(known)}")
    if family.counts == "career" and family.least | family.most:
        raise ValueError(f"{family.id}: `least` and `most` are about one match, and not about a career")
    for fact in family.least | family.most:
        if fact not in MATCH:
            raise ValueError(f"{family.id}: {fact!r} is no fact of a match; these are: {', '.join(MATCH)}")
    order = [TIERS.index(step.tier) for step in family.tiers]
    targets = [step.at for step in family.tiers]
    if order != sorted(set(order)) or targets != sorted(set(targets)):
        raise ValueError(f"{family.id}: tiers rise, each with a higher target than the one before")
    if family.counts == "matches" and any(at != int(at) for at in targets):
        raise ValueError(f"{family.id}: matches are counted in whole numbers")
    if "{at}" not in family.about:
        raise ValueError(f"{family.id}: `about` does not say the target; write {{at}}")


def _told(about: str, at: float) -> str:
    """Return what is to be done, for as many times."""
    said = about.replace("{at}", f"{at:,.10g}")
    for plural, one in _ONE.items() if at == 1 else ():
        said = said.replace(plural, one)
    return said


_TEXT: Final = _FILE.read_bytes()
FAMILIES: Final = read(_TEXT)
ACHIEVEMENTS: Final[dict[str, Achievement]] = {
    each.id: each for family in FAMILIES for each in family.achievements
}
# Another catalogue, another number: 63 bits.
DIGEST: Final = int.from_bytes(hashlib.sha256(_TEXT).digest()[:8]) >> 1
