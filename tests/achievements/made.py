"""Made histories: rows of one player's matches with given facts."""

from datetime import UTC, datetime
from typing import Any

from api.players import people
from api.stores.clickhouse import ClickHouse

BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)


def row(facts: dict[str, float], at: datetime = BEGIN) -> dict[str, Any]:
    """Return the columns of a match in which facts have these values, by hand from their definitions.

    Of a share or ratio, the number of kills stands in `facts`, or is ten.
    """
    kills, deaths = facts.get("kills", 10), facts.get("deaths", 3)
    columns: dict[str, Any] = {"took_part": 1, "gametype": "tdm", "playtime": 600_000}
    for name, value in facts.items():
        match name:
            case "headshots":
                columns["kill_headshots"] = value
            case "headshot_share":
                kills = max(kills, 100)
                columns["kill_headshots"] = value * kills / 100
            case "kills_per_death":
                deaths, kills = 10, value * 10
            case "kills_a_minute":
                kills = value * facts.get("minutes", 10)
            case "even":
                kills = deaths = value
            case "damage":
                columns["damage_dealt"] = value * 1000
            case "minutes":
                columns["playtime"] = value * 60_000
            case "multi_kill":
                columns["multi_kills"] = [2, value]
            case "won" | "lost":
                columns["outcome"] = {"won": 1, "lost": -1}[name] if value else 0
            case "team_game":
                columns["gametype"] = "tdm" if value else "ffa"
            case "hour":
                at = at.replace(hour=int(value))
            case "month_day":
                at = at.replace(month=int(value) // 100, day=int(value) % 100)
            case "kills" | "deaths":
                pass
            case _:
                columns[name] = value
    return {**columns, "kills": kills, "deaths": deaths, "started_at": at}


async def insert(clickhouse: ClickHouse, player: int, rows: list[dict[str, Any]], first: int = 1) -> None:
    """Put rows of a player's matches, which are over, where the job puts them; keys count from `first`."""
    for n, columns in enumerate(rows, first):
        given = {"player_key": player, "match_key": n, "version": 1, "sign": 1, **columns}
        given["last_seen"] = given["started_at"]
        names = ", ".join(given)
        values = ", ".join(_literal(value) for value in given.values())
        await clickhouse.command(f"INSERT INTO match_results ({names}) VALUES ({values})")
    keys = f"range({first}, {first + len(rows)})"
    await clickhouse.command(
        f"INSERT INTO matches (match_key, session_id, ended_at) SELECT arrayJoin({keys}), 's', now64(3)"
    )
    await people.refresh(clickhouse)


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"'{value:%Y-%m-%d %H:%M:%S}'"
    if isinstance(value, list):
        return f"[{', '.join(str(round(each)) for each in value)}]"
    if isinstance(value, float):
        return str(round(value))
    return repr(value)
