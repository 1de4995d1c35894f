"""Export and erasure over HTTP, for admins alone."""

from api.auth import keys
from api.platform import Platform
from tests.privacy.test_erase import BY, CLIENT, NAME, id_of, played
from tests.stack import Stack, http_client


def test_an_admin_exports_counts_and_erases(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await played(platform)
        admin = await keys.add(platform.postgres, "admin", "anna", BY)
        forum = await keys.add(platform.postgres, "forum", "board", BY)
        place = f"/api/v1/admin/players/{await id_of(platform)}"
        async with http_client(platform) as client:
            assert (await client.get(f"{place}/export")).status_code == 401
            client.headers["Authorization"] = f"Bearer {forum.token}"
            assert (await client.post(f"{place}/erase")).status_code == 403
            client.headers["Authorization"] = f"Bearer {admin.token}"
            told = (await client.get(f"{place}/export")).json()
            assert CLIENT in told["client_ids"]
            assert NAME in told["names"]
            assert told["member_ids"] == [17]
            assert all(told[part] for part in ("logins", "addresses", "links", "quarantine"))
            would = (await client.post(f"{place}/erase?dry_run=true")).json()
            assert (would["done"], would["rows"]["trusted_ips"]) == (False, 1)
            done = (await client.post(f"{place}/erase")).json()
            assert done["done"] is True
            assert done["rows"]["raw_events"] == would["rows"]["raw_events"] == told["events"]
            assert (await client.post(f"{place}/erase")).status_code == 404
            assert (await client.get("/api/v1/admin/players/nobody/export")).status_code == 404
            audit = (await client.get("/api/v1/admin/audit")).json()["entries"]
            latest = audit[0]
            assert (latest["action"], latest["name"]) == ("player.erase", "anna")
            assert latest["subject"] == f"player {done['player']}"
            assert latest["after"]["rows"] == done["rows"]

    stack.run(scenario)
