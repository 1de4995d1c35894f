"""The mod's client: what it sends, and what it says when something else answers than After Action."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from smf_bridge import statement
from smf_bridge.statement import HEADER
from tests.clickhouse_server import free_port
from tests.forum.mod import servers
from tests.forum.mod.php import Step, area, play, settings
from tests.forum.mod.servers import answering, talking

GOOD: dict[str, Any] = {
    "title": "Teams",
    "html": "<div class='afteraction'>here</div>",
    "css": [],
    "links": [],
    "notice": None,
}
# Whole seconds that a page may take whose After Action is away: two, and what a busy machine adds.
PATIENCE = 5.0


def signed(who: dict[str, Any], *request: Any) -> str:
    [step] = play(("AfterActionClient::signed", ["aaf_EXAMPLE", who, *request]))
    return str(step["returned"])


def test_a_statement_is_what_the_bridge_takes() -> None:
    who = {"member": 7, "name": 'Ann "Ä" 🎖 </script>', "groups": [0, 4], "permissions": ["mohaa_view"]}
    header = signed(who, "POST", "/forum/teams?a=%20b", "aa_do=found", 1_800_000_000, "n" * 24)
    found = statement.check(
        header, "aaf_EXAMPLE", "POST", "/forum/teams?a=%20b", b"aa_do=found", 1_800_000_010.0
    )
    assert (found.member, found.name, found.permissions) == (7, 'Ann "Ä" 🎖 </script>', ["mohaa_view"])
    assert found.expires - found.issued == 30


def test_a_name_that_is_no_utf_8_is_no_end_of_it() -> None:
    [step] = area(
        "teams", settings=settings(f"http://127.0.0.1:{free_port()}"), user={"name": "a\ud800b"[:1]}
    )
    assert "resting" in step.html


def test_what_it_sends() -> None:
    with answering(GOOD) as server:
        [step] = area(
            "teams/5?sort=rating&page=2",
            settings=settings(server.url + "/"),
            user={"name": "Ann &amp; &quot;B&quot;", "permissions": ["mohaa_view", "admin_forum"]},
        )
        assert "here" in step.html
        [(method, path, headers, _)] = server.seen
    assert (method, path) == ("GET", "/forum/teams/5?sort=rating&page=2")
    assert headers["Authorization"] == "Bearer aaf_EXAMPLE"
    payload = headers[HEADER].split(".")[0]
    said = json.loads(statement._decoded(payload))
    assert said["name"] == 'Ann & "B"'
    assert said["permissions"] == ["mohaa_view"]
    assert said["page"].endswith("at=" + quote("teams/5?sort=rating&page=2", safe=""))
    assert said["path"] == path


def test_forms_are_forwarded_with_our_fields_alone_after_the_session_check() -> None:
    post = {"aa_do": "found", "aa_name": "<b> & ä", "f00d": 'secret<"', "other": "x", "aa_list": ["1", "2"]}
    with answering(GOOD) as server:
        [step] = area("teams", settings=settings(server.url), post=post)
        assert step.told("checkSession") == [["post"]]
        [(method, _, headers, body)] = server.seen
        assert method == "POST"
        assert body == b"aa_do=found&aa_name=%3Cb%3E%20%26%20%C3%A4&aa_list=1&aa_list=2"
        checked = statement.check(
            headers[HEADER], "aaf_EXAMPLE", "POST", "/forum/teams", body, _issued(headers[HEADER])
        )
        assert checked.member == 7
        for wrong in ({**post, "f00d": "guessed"}, {"aa_do": "found"}):
            [step] = area("teams", settings=settings(server.url), post=wrong)
            assert step["ended"] == "session"
        assert len(server.seen) == 1


def _issued(header: str) -> float:
    return float(json.loads(statement._decoded(header.split(".")[0]))["issued"])


def test_a_search_goes_into_the_query() -> None:
    with answering(GOOD) as server:
        area("teams?page=2", settings=settings(server.url), get={"aa_q": 'a&b "ä"', "q": "no"})
        area("teams", settings=settings(server.url), get={"aa_q": "x"})
        paths = [path for _, path, _, _ in server.seen]
    assert paths == ["/forum/teams?page=2&aa_q=a%26b%20%22%C3%A4%22", "/forum/teams?aa_q=x"]


@pytest.mark.parametrize(
    "at",
    [
        "../api/v1/keys",
        "teams/../../api",
        "teams/%2e%2e/x",
        "teams//x",
        "/teams",
        "teams%2F5",
        "teams\r\nX-A: b",
        "teams#x",
        "teams?a=<b>",
        "@elsewhere.example/",
        "teams/ö",
        "t" * 2000,
    ],
)
def test_it_asks_for_areas_and_nothing_else(at: str) -> None:
    with answering(GOOD) as server:
        [step] = area(at, settings=settings(server.url))
        assert server.seen == []
    assert "There is nothing here." in step.html
    assert step.told("status") == [[404]]


def calm(step: Step) -> None:
    """The page is whole, says it kindly, and tells nobody what is broken but who can mend it."""
    assert step["ended"] is None
    assert step.seconds < PATIENCE
    assert "Stats are resting for a moment." in step.html or "Stats cannot be shown right now" in step.html
    assert "127.0.0.1" not in step.html
    assert step.told("status") == [[503]]


def test_nobody_is_there() -> None:
    [step] = area("teams", settings=settings(f"http://127.0.0.1:{free_port()}"))
    calm(step)


@pytest.mark.parametrize("say", [servers.silent, servers.drop_by_drop, servers.without_end, servers.cut_off])
def test_somebody_is_there_who_does_not_answer(say: Any) -> None:
    with talking(say) as server:
        [step] = area("teams", settings=settings(server.url))
        calm(step)
        assert server.came == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>nginx</html>", 502),
        ({"title": "x", "status": 500, "detail": "at 127.0.0.1"}, 500),
        ({"detail": "forum is away; try again in 5 s at 127.0.0.1"}, 503),
        (b"", 200),
        (b"<html>", 200),
        (b"[1, 2]", 200),
        (b"null", 200),
        (b'{"html": "\xff\xfe"}', 200),
        (b'{"a":' * 70 + b"1" + b"}" * 70, 200),
        ({"html": 1, "detail": "127.0.0.1"}, 301),
    ],
)
def test_something_else_answers(body: Any, status: int) -> None:
    with answering(body, status) as server:
        [step] = area("teams", settings=settings(server.url))
    calm(step)


def test_it_follows_nobody_elsewhere() -> None:
    with answering(GOOD) as other, answering({}, 302, Location=other.url + "/forum/teams") as server:
        [step] = area(
            "teams", settings=settings(server.url), user={"permissions": ["mohaa_view", "admin_forum"]}
        )
        assert len(server.seen) == 1
        assert other.seen == []
    assert other.url in step.html


def test_who_may_not_is_told_in_the_bridges_words() -> None:
    with answering({"detail": "only <captains> do that"}, 403) as server:
        [step] = area("teams", settings=settings(server.url))
    assert "only &lt;captains&gt; do that" in step.html
    assert step.told("status") == [[403]]


def test_after_two_failures_nobody_asks_until_it_has_rested() -> None:
    with talking(servers.silent) as server:
        steps = area("teams", times=5, settings=settings(server.url))
        assert [step.seconds > 1.0 for step in steps] == [True, True, False, False, False]
        assert server.came == 2
        for step in steps:
            calm(step)
        [logged] = [each for step in steps for each in step.told("log_error")]
        assert "After Action is away" in logged[0]
        # After the rest one asks, and those who come meanwhile do not wait for it.
        before = server.came
        area("teams", settings=settings(server.url, breaker="2,1"))
        assert server.came == before + 1
    with answering(GOOD) as good:
        [step] = area("teams", settings=settings(good.url, breaker="2,1"))
        assert step["settings"]["afteraction_breaker"] == "0,0"
        [held] = area("teams", settings=settings(good.url, breaker="2,9999999999"))
        calm(held)
        assert len(good.seen) == 1


def test_a_copy_is_shown_while_it_is_away_to_the_same_member_alone() -> None:
    away = settings(f"http://127.0.0.1:{free_port()}")
    with answering(GOOD) as server:
        page: tuple[str, list[Any]] = ("AfterActionPages::area", [])
        who = {"action": "afteraction", "at": "teams"}
        kept = settings(server.url)
        # The address belongs to the copy, so it is the server that changes.
        first, second = play(
            page, page, settings=kept, get=who, between={"afteraction_breaker": "2,9999999999"}
        )
        assert "resting" not in first.html
        assert "Stats are resting for a moment. This is how it looked on Today at" in second.html
        assert "here" in second.html
        other, _ = play(page, page, settings=kept, get=who, between=away)
        assert "here" in other.html
        moved = play(page, page, settings=kept, get=who, between=away)[1]
        assert "here" not in moved.html
        private = {"action": "afteraction", "at": "identity/x"}
        first, second = play(
            page, page, settings=kept, get=private, between={"afteraction_breaker": "2,9999999999"}
        )
        assert "here" in first.html
        calm(second)


def test_a_page_that_is_not_set_up_says_so() -> None:
    for wrong in (
        {},
        settings("file:///etc/passwd"),
        settings("http://x", key="a\r\nb"),
        settings("http://u:p@x"),
    ):
        [step] = area("teams", settings=wrong)
        assert "Stats are not set up yet." in step.html
        assert "curl" not in step.html
