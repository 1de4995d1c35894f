"""What the doctor says of the forum's database."""

import asyncio

import msgspec
import pytest

from api.doctor import Finding, examine_forum
from api.settings import Settings
from tests.mariadb_server import ForumDatabase, MariaDB


def seen(url: str | None, **more: str) -> list[Finding]:
    settings = msgspec.structs.replace(Settings(), forum_url=url, **more)
    return asyncio.run(examine_forum(settings))


def test_no_forum_is_no_fault() -> None:
    assert seen(None) == []


def test_all_is_well(forum: ForumDatabase) -> None:
    assert [found.level for found in seen(forum.url)] == ["good", "note"]
    assert [found.level for found in seen(forum.url, public_url="https://s.example.org")] == ["good"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER USER {who} IDENTIFIED BY 'x'", "AFTERACTION_FORUM_URL holds user and password"),
        ("REVOKE SELECT (real_name) ON {db}.smf_members FROM {who}", "afteraction forum grants"),
        ("REVOKE DELETE ON {db}.smf_mohaa_teams FROM {who}", "afteraction forum grants"),
        ("DELETE FROM smf_mohaa_schema WHERE number = 4", "0004_achievements"),
        ("UPDATE smf_mohaa_schema SET checksum = 'x' WHERE number = 1", "0001_links was changed"),
        ("RENAME TABLE smf_members TO smf_gone", "smf_members"),
    ],
)
def test_what_is_wrong_is_said(forum: ForumDatabase, statement: str, said: str) -> None:
    forum.run(statement.format(who=f"'{forum.user}'@'127.0.0.1'", db=forum.name))
    found = seen(forum.url)
    assert {each.level for each in found} == {"bad"}
    assert said in found[0].text
    assert forum.password not in repr(found)


def test_a_server_that_is_away(forum: ForumDatabase, mariadb: MariaDB) -> None:
    mariadb.stop()
    try:
        [found] = seen(forum.url)
    finally:
        mariadb.start()
    assert found.level == "bad"
    assert "Can't connect" in found.text
    [found] = seen("mysql://nonsense")
    assert "AFTERACTION_FORUM_URL" in found.text
