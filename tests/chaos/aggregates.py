"""What each aggregate must say about a list of events, by a recount that knows no SQL.

`EXPECTED` names every table that follows from `raw_events`; one that is not in it is reported.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tests.sql.recount import Recount, best_streak, multi_kills, parts, reach, recount, traffic

Row = dict[str, Any]
Event = dict[str, Any]
Told = dict[Any, tuple[Any, ...]]


class Facts:
    """The events, counted; and the tables, with names for keys."""

    def __init__(self, events: list[Event], tables: dict[str, list[Row]]) -> None:
        self.events = events
        self.tables = tables
        self.plain: Recount = recount(events)
        self.names = {row["player_key"]: row["name"] for row in tables["player_identities"]}
        self.matches = {row["match_key"]: row["match_id"] for row in tables["matches"]}

    def summed(self, table: str, key: Callable[[Row], Any], *columns: str) -> Told:
        """Sum columns of a table by a key; rows of nothing but zeros are left out."""
        sums: dict[Any, list[int]] = {}
        for row in self.tables[table]:
            known = sums.setdefault(key(row), [0] * len(columns))
            for place, column in enumerate(columns):
                known[place] += row[column]
        return {key: tuple(values) for key, values in sums.items() if any(values)}

    def name(self, row: Row) -> Any:
        return self.names[row["player_key"]]

    def match(self, row: Row) -> Any:
        return self.matches[row["match_key"]]

    def counted(self, keys: Callable[[Event], Iterable[Any]], *conditions: Callable[[Event], int]) -> Told:
        """Count events by keys, once for each condition."""
        counters = [Counter[Any]() for _ in conditions]
        for event in self.events:
            for key in keys(event):
                for counter, condition in zip(counters, conditions, strict=True):
                    counter[key] += condition(event)
        found = {key for counter in counters for key in counter if counter[key]}
        return {key: tuple(counter[key] for counter in counters) for key in found}


def _actor(event: Event) -> str:
    return str(event.get("attacker_name") or event.get("player_name") or "")


def _target(event: Event) -> str:
    return str(event.get("victim_name") or "")


def _people(event: Event) -> list[str]:
    return [name for name in (_actor(event), _target(event)) if name]


def _doer(event: Event) -> list[str]:
    return [_actor(event)] if _actor(event) else []


def _always(_: Event) -> int:
    return 1


def _is(*types: str) -> Callable[[Event], int]:
    return lambda event: int(event["type"] in types)


def _kill(event: Event) -> int:
    return int(event["type"] == "player_kill" and _enemies(event))


def _death(event: Event) -> int:
    return int(event["type"] == "player_kill")


def _enemies(event: Event) -> bool:
    sides = {"american": "allies", "german": "axis"}
    teams = (
        {sides.get(event[f"{who}_team"], event[f"{who}_team"]) for who in ("attacker", "victim")}
        if (_actor(event) and _target(event))
        else set()
    )
    mates = event["gametype"] != "1" and len(teams) == 1
    return bool(_actor(event)) and _actor(event) != _target(event) and not mates


def _thousandths(field: str) -> Callable[[Event], int]:
    return lambda event: round(event.get(field, 0) * 1000)


def _hurt(event: Event) -> int:
    return round(event["damage"] * 1000) if event["type"] == "player_damage" and _enemies(event) else 0


def _by(field: str, *types: str) -> Callable[[Event], Iterable[str]]:
    return lambda event: [event[field]] if event.get(field) and (not types or event["type"] in types) else []


_ARMED = ("player_kill", "player_damage", "weapon_fire", "weapon_hit", "weapon_reload")


_ACTS = ("player_say", "player_jump", "grenade_throw", "item_pickup", "team_join")


Recounted = Callable[[Facts], tuple[Told, Told]]


def _player_identities(f: Facts) -> tuple[Told, Told]:
    return f.summed("player_identities", lambda r: r["name"], "events"), f.counted(_people, _always)


def _player_names(f: Facts) -> tuple[Told, Told]:
    return f.summed("player_names", lambda r: r["name"], "events"), f.counted(_people, _always)


def _player_name_ends(f: Facts) -> tuple[Told, Told]:
    return f.summed("player_name_ends", lambda r: r["name"], "events"), f.counted(_people, _always)


def _counts(f: Facts, table: str) -> tuple[Told, Told]:
    columns = (
        "kills", "deaths", "suicides", "team_kills", "kill_headshots", "damage_dealt", "damage_taken",
        "friendly_damage",
    )  # fmt: skip
    found = f.summed(table, f.name, *columns)
    plain = {name: tuple(counts[c] for c in columns) for name, counts in f.plain.counts.items() if name}
    return found, {name: values for name, values in plain.items() if any(values)}


def _acts(f: Facts, table: str) -> tuple[Told, Told]:
    found = f.summed(
        table, f.name, "shots", "hits", "chat_lines", "jumps", "reloads", "grenades", "pickups",
        "distance", "walked",
    )  # fmt: skip
    conditions = [
        _is(kind)
        for kind in (
            "weapon_fire", "weapon_hit", "player_say", "player_jump", "weapon_reload", "grenade_throw",
            "item_pickup",
        )
    ]  # fmt: skip
    return found, f.counted(_doer, *conditions, _thousandths("distance"), _thousandths("walked"))


def _events(f: Facts, table: str) -> tuple[Told, Told]:
    return f.summed(table, f.name, "events"), f.counted(_people, _always)


def _people_in(table: str) -> tuple[Recounted, ...]:
    return tuple(partial(check, table=table) for check in (_counts, _acts, _events))


def _player_weapons(f: Facts) -> tuple[Told, Told]:
    found = f.summed("player_weapons", lambda r: (f.name(r), r["weapon"]), "kills", "shots", "hits", "damage")

    def keys(event: Event) -> list[tuple[str, str]]:
        return [(_actor(event), event["weapon"])] if event.get("weapon") and _actor(event) else []

    return found, f.counted(keys, _kill, _is("weapon_fire"), _is("weapon_hit"), _hurt)


def _weapons(f: Facts, table: str) -> tuple[Told, Told]:
    found = f.summed(table, lambda r: r["weapon"], "kills", "shots", "hits", "damage", "reloads")
    kinds = (_kill, _is("weapon_fire"), _is("weapon_hit"), _hurt, _is("weapon_reload"))
    return found, f.counted(_by("weapon", *_ARMED), *kinds)


def _map_daily(f: Facts) -> tuple[Told, Told]:
    found = f.summed("map_daily", lambda r: r["map"], "events", "kills", "deaths", "rounds")
    return found, f.counted(_by("map"), _always, _kill, _death, _is("round_end"))


def _hit_locations(f: Facts) -> tuple[Told, Told]:
    found = f.summed("hit_locations", lambda r: (f.name(r), r["side"], r["hitloc"], r["mod"]), "hits")
    return found, {key: (count,) for key, count in f.plain.places.items()}


def _rivals(f: Facts) -> tuple[Told, Told]:
    found = f.summed("rivals", lambda r: (f.name(r), f.names[r["opponent_key"]]), "kills")
    return found, {key: (count,) for key, count in f.plain.rivals.items()}


def _player_parts(f: Facts) -> tuple[Told, Told]:
    columns = ("kills", "kill_headshots", "deaths")
    found = f.summed("player_parts", lambda r: (f.name(r), r["kind"], r["part"]), *columns)
    return found, dict(parts(f.events))


def _tiles(f: Facts) -> tuple[Told, Told]:
    found = f.summed("tiles", lambda r: (r["kind"], f.name(r), r["tile_x"], r["tile_y"]), "events")
    return found, {key: (count,) for key, count in f.plain.tiles.items()}


def _weapon_reach(f: Facts) -> tuple[Told, Told]:
    found = f.summed("weapon_reach", lambda r: (r["weapon"], r["band"]), "kills", "kill_headshots")
    return found, dict(reach(f.events))


def _map_tiles(f: Facts) -> tuple[Told, Told]:
    found = f.summed("map_tiles", lambda r: (r["kind"], r["tile_x"], r["tile_y"]), "events")
    together: Counter[Any] = Counter()
    for (kind, _, tile_x, tile_y), count in f.plain.tiles.items():
        together[kind, tile_x, tile_y] += count
    for (_, tile_x, tile_y), count in traffic(f.events).items():
        together["traffic", tile_x, tile_y] += count
    return found, {key: (count,) for key, count in together.items()}


def _matches(f: Facts) -> tuple[Told, Told]:
    found = f.summed("matches", lambda r: (r["match_id"], r["session_id"]), "events", "kills", "rounds")

    def keys(event: Event) -> list[tuple[str, str]]:
        return [(event["match_id"], event["session_id"])]

    return found, f.counted(keys, _always, _kill, _is("round_end"))


def _match_players(f: Facts) -> tuple[Told, Told]:
    found = f.summed(
        "match_players", lambda r: (f.name(r), f.match(r)), "kills", "deaths", "joins", "leaves", "joined"
    )
    plain = {
        key: (len(s.kills), len(s.deaths), len(s.joins), len(s.leaves), sum(round(t * 1000) for t in s.joins))
        for key, s in f.plain.seen.items()
    }
    return found, {key: values for key, values in plain.items() if any(values)}


def _lifelines(f: Facts) -> tuple[Told, Told]:
    found = {
        (f.name(row), f.match(row)): tuple(sorted((ms, sign) for ms, _, sign, *_ in row["lifeline"]))
        for row in f.tables["match_players"]
        if row["lifeline"]
    }
    plain = {
        key: tuple(
            sorted([(round(t * 1000), 1) for t, _ in s.kills] + [(round(t * 1000), -1) for t, _ in s.deaths])
        )
        for key, s in f.plain.seen.items()
        if s.kills or s.deaths
    }
    return found, plain


def _match_results(f: Facts) -> tuple[Told, Told]:
    found = {
        (f.name(row), f.match(row)): (row["best_streak"], *sorted(row["multi_kills"]))
        for row in f.tables["match_results"]
        if row["player_key"]
    }
    plain = {key: (best_streak(seen), *multi_kills(seen)) for key, seen in f.plain.seen.items()}
    return found, plain


def _match_results_heads(f: Facts) -> tuple[Told, Told]:
    found = {f.match(row): (row["events"],) for row in f.tables["match_results"] if not row["player_key"]}
    return found, f.counted(_by("match_id"), _always)


def _server_hours(f: Facts) -> tuple[Told, Told]:
    found = f.summed("server_hours", lambda r: "all", "events", "kills", "chat_lines", "shots")
    kinds = (_always, _kill, _is("player_say"), _is("weapon_fire"))
    return found, f.counted(lambda _: ["all"], *kinds)


def _server_days(f: Facts) -> tuple[Told, Told]:
    return f.summed("server_days", lambda r: "all", "events", "shots"), f.counted(
        lambda _: ["all"], _always, _is("weapon_fire")
    )


def _event_types(f: Facts) -> tuple[Told, Told]:
    return f.summed("event_types", lambda r: r["type"], "events"), f.counted(_by("type"), _always)


def _player_acts(f: Facts) -> tuple[Told, Told]:
    kinds = {*_ACTS, "kill", "death"}
    found = f.summed("player_acts", lambda r: (r["act"], f.name(r)), "acts")

    def keys(event: Event) -> list[tuple[str, str]]:
        if event["type"] in _ACTS:
            return [(event["type"], _actor(event))]
        if event["type"] != "player_kill":
            return []
        return [("death", _target(event)), *([("kill", _actor(event))] if _enemies(event) else [])]

    plain = {key: told for key, told in f.counted(keys, _always).items() if key[1]}
    return {key: told for key, told in found.items() if key[0] in kinds}, plain


EXPECTED: dict[str, tuple[Recounted, ...]] = {
    "player_identities": (_player_identities,),
    "player_names": (_player_names,),
    "player_name_ends": (_player_name_ends,),
    "player_daily": _people_in("player_daily"),
    "player_acts": (_player_acts,),
    "player_totals": _people_in("player_totals"),
    "player_weapons": (_player_weapons,),
    "weapon_daily": (partial(_weapons, table="weapon_daily"),),
    "weapon_totals": (partial(_weapons, table="weapon_totals"),),
    "map_daily": (_map_daily,),
    "hit_locations": (_hit_locations,),
    "rivals": (_rivals,),
    "player_parts": (_player_parts,),
    "tiles": (_tiles,),
    "map_tiles": (_map_tiles,),
    "weapon_reach": (_weapon_reach,),
    "matches": (_matches,),
    "match_players": (_match_players, _lifelines),
    "match_results": (_match_results, _match_results_heads),
    "server_hours": (_server_hours,),
    "server_days": (_server_days,),
    "event_types": (_event_types,),
    # Held against a computation of everything by audit.py, and against plain openskill in tests/ratings.
    "ratings": (),
    "current_ratings": (),
    "record_days": (),
    # Likewise, and in tests/reports.
    "match_reports": (),
}


def differences(events: list[Event], tables: dict[str, list[Row]]) -> list[str]:
    """Return what the tables say that a recount of the events does not, a line for each table."""
    facts = Facts([_with_numbers(event) for event in events], tables)
    lines = [f"{table}: no recount in tests/chaos/aggregates.py" for table in tables.keys() - EXPECTED.keys()]
    for table, checks in EXPECTED.items():
        for check in checks:
            found, plain = check(facts)
            wrong = [key for key in found.keys() | plain.keys() if found.get(key) != plain.get(key)]
            if wrong:
                first = sorted(wrong, key=str)[0]
                lines.append(
                    f"{table}: {len(wrong)} of {len(plain)} rows differ, as {first}: "
                    f"{found.get(first)} where a recount gives {plain.get(first)}"
                )
    return lines


def _with_numbers(event: Event) -> Event:
    return {"seq": -1, **event}
