"""The mod's PHP against a running After Action and a true MariaDB."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from smf_bridge.statement import HEADER
from tests.forum.mod.php import area, play, settings
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.running import Instance

ANN: dict[str, Any] = {"id": 7, "name": "Ann", "permissions": ["mohaa_view", "mohaa_play"]}


class Running:
    """After Action, its forum's key, and the settings that the mod has."""

    def __init__(self, instance: Instance, forum: ForumDatabase) -> None:
        self.instance = instance
        self.forum = forum
        self.key = json.loads(instance.command("key", "add", "forum", "our board", "--json"))["token"]

    @property
    def settings(self) -> dict[str, str]:
        return settings(self.instance.url, self.key)

    def signed(self, path: str, key: str, **who: Any) -> str:
        """Return a statement as the mod signs it."""
        said = {"member": 7, "permissions": ["mohaa_view"], **who}
        arguments = [key, said, "GET", path, "", int(time.time()), secrets.token_urlsafe(18)]
        [step] = play(("AfterActionClient::signed", arguments))
        return str(step["returned"])

    def send(self, path: str, statement: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", HEADER: statement}
        return httpx.get(self.instance.url + path, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def running(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    forum = ForumDatabase(mariadb)
    forum.grant()
    forum.migrate()
    instance = Instance(tmp_path_factory.mktemp("mod"))
    instance.environment["AFTERACTION_FORUM_URL"] = forum.url
    with instance:
        yield Running(instance, forum)


def test_a_profile_shows_what_the_bridge_says(running: Running) -> None:
    [step] = play(("AfterActionPages::record", [7]), settings=running.settings, user=ANN)
    assert "Combat record of Ann &quot;Ä&quot; 🎖" in step.html
    assert '<div class="afteraction">' in step.html
    [sheet] = [each[0] for each in step.told("css")]
    assert httpx.get(sheet).status_code == 200
    [unknown] = area("members/99/other", settings=running.settings, user=ANN)
    assert unknown.told("status") == [[404]]


def test_a_form_of_the_bridge_gives_a_code(running: Running) -> None:
    page = ("AfterActionPages::identity", [7])
    [shown] = play(page, settings=running.settings, user=ANN)
    assert 'name="f00d" value="secret&lt;&quot;"' in shown.html
    assert "<!--afteraction:" not in shown.html
    post = {"aa_do": "code", "f00d": 'secret<"'}
    [done] = play(page, settings=running.settings, user=ANN, post=post)
    assert "Here is your code." in done.html
    [guest] = play(page, settings=running.settings, user={**ANN, "permissions": ["mohaa_view"]})
    assert guest.told("status") == [[403]]


def test_a_member_is_sent_to_the_site(running: Running) -> None:
    [step] = area("site", settings=running.settings, user=ANN)
    assert str(step["ended"]).startswith(f"redirect {running.instance.url}/visit?ticket=")


def test_a_statement_is_taken_once_and_from_nobody_else(running: Running) -> None:
    path = "/forum/members/7/record"
    good = running.signed(path, running.key)
    assert running.send(path, good).status_code == 200
    assert running.send(path, good).status_code == 403
    for forged in (
        running.signed(path, "aaf_EXAMPLE"),
        running.signed("/forum/members/8/record", running.key),
        _with(running.signed(path, running.key), member=1),
        running.signed(path, running.key, expires=4_000_000_000),
    ):
        answer = running.send(path, forged)
        assert answer.status_code == 403, answer.text
        assert "statement" in answer.json()["detail"]


def _with(statement: str, **changed: Any) -> str:
    """Return a statement that says something else, under the same signature."""
    payload, signature = statement.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    text = base64.urlsafe_b64encode(json.dumps({**said, **changed}).encode()).rstrip(b"=").decode()
    return f"{text}.{signature}"


def test_what_the_task_fetches_no_member_gets(running: Running) -> None:
    running.forum.run(
        "INSERT INTO smf_mohaa_alerts (member_id, kind, said, path, made_at)"
        " VALUES (7, 'invite', 'Come & join', 'teams/5', UTC_TIMESTAMP(6))"
    )
    bold = {**ANN, "permissions": ["mohaa_view", "mohaa_task"]}
    [member] = area("alerts?after=0", settings=running.settings, user=bold)
    assert member.told("status") == [[403]]
    assert "Come" not in member.html
    [step] = play(("AfterActionTask::run", []), settings=running.settings, rows=[[[7, "Ann"]], []])
    [row] = [each[2] for each in step.told("db_insert")]
    assert row[1] == 7
    assert json.loads(row[8]) == {"aa_text": "Come & join", "aa_path": "teams/5"}
    assert step["settings"]["afteraction_alerts_after"] != "0"


def test_the_button_says_what_is_wrong(running: Running) -> None:
    def said(**changed: str) -> str:
        [step] = play(
            ("AfterActionAdmin::settings", []),
            settings={
                **running.settings,
                **{f"afteraction_{name}": value for name, value in changed.items()},
            },
            user={**ANN, "permissions": ["admin_forum"]},
            get={"test": "", "f00d": 'secret<"'},
        )
        return str(step["context"]["settings_insert_above"])

    assert "After Action answers" in said()
    assert "Make a key with" in said(key="aaf_wrong")
    assert "Does After Action run" in said(url="http://127.0.0.1:1")
    assert "Is the address right" in said(url=running.instance.url + "/docs")


def test_the_forums_database_is_away(running: Running, mariadb: MariaDB) -> None:
    mariadb.kill()
    try:
        [step] = play(("AfterActionPages::record", [7]), settings=running.settings, user=ANN)
    finally:
        mariadb.start()
    assert "Stats are resting for a moment." in step.html
    assert step.told("status") == [[503]]
