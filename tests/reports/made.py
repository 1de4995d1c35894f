"""Moments of matches, made for tests."""

from hypothesis import strategies as st

from api.reports.moments import Moment

# Gaps around the limits of a fight: what is just in it, and what is just not.
_GAPS = st.sampled_from([0, 0, 1, 500, 3_999, 4_000, 4_001, 8_000, 11_999, 12_000, 12_001, 15_000, 31_000])
_PLACES = st.none() | st.tuples(*[st.integers(-300, 300).map(float)] * 3)
_SIDES = st.sampled_from(["allies", "axis"])


@st.composite
def matches(draw: st.DrawFn, players: int = 6) -> list[Moment]:
    """A match in the order of time, with sides or without."""
    sided = draw(st.booleans())
    sides = [draw(_SIDES) if sided else "" for _ in range(players)]
    at, moments = 1_790_000_000_000, []
    for _ in range(draw(st.integers(0, 40))):
        at += draw(_GAPS)
        actor, target = draw(st.integers(-1, players - 1)), draw(st.integers(0, players - 1))
        same = sided and actor >= 0 and sides[actor] == sides[target]
        moments.append(
            Moment(
                at=at,
                kind="suicide" if actor in (-1, target) else "team_kill" if same else "kill",
                actor=actor,
                target=target,
                actor_side=sides[actor] if actor >= 0 else "",
                target_side=sides[target],
                weapon=draw(st.sampled_from(["", "M1 Garand", "KAR98"])),
                hitloc=draw(st.sampled_from(["head", "torso_mid"])),
                mod="bullet",
                actor_place=draw(_PLACES),
                target_place=draw(_PLACES),
            )
        )
    return moments


def kill(at: float, actor: int, target: int, side: str = "", place: tuple[int, int] | None = None) -> Moment:
    """A kill so many seconds into the match; `side` is the killer's."""
    other = {"allies": "axis", "axis": "allies"}.get(side, "")
    where = (float(place[0]), float(place[1]), 0.0) if place else None
    return Moment(round(at * 1000), "kill", actor, target, side, other, target_place=where)
