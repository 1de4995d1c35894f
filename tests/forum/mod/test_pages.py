"""The mod's pages and hooks, as SMF shows and calls them. What comes from elsewhere is hostile."""

import json
import time
from typing import Any

import pytest

from tests.forum.mod.php import MOD, area, play, settings
from tests.forum.mod.servers import answering

EVIL = "<script>alert(1)</script>\"'&"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#039;&amp;"
SITE = "https://stats.example.org"
SET = settings("http://127.0.0.1:1", site=SITE)


def test_all_but_the_fragment_is_escaped() -> None:
    answer = {
        "title": EVIL,
        "html": '<div class="afteraction"><form method="post"><!--afteraction:session--></form>'
        "<!--afteraction:export--></div>",
        "notice": EVIL,
        "css": ["https://s.example/a.css", "javascript:alert(1)", 'https://s.example/"onload=x', 3],
        "links": [
            {"text": EVIL, "href": "https://s.example/?a=1&b=2"},
            {"text": "x", "href": "javascript:alert(1)"},
            {"text": "x", "href": 'https://x/"><script>'},
            "x",
        ],
    }
    with answering(answer) as server:
        [step] = area("teams", settings=settings(server.url))
    assert "<script>" not in step.html
    assert step.html.count(SAFE) == 3
    assert 'href="https://s.example/?a=1&amp;b=2"' in step.html
    assert step.html.count("href=") == 2
    assert "at=identity%2Fexport" in step.html
    assert '<input type="hidden" name="f00d" value="secret&lt;&quot;">' in step.html
    assert [each[0] for each in step.told("css")] == ["https://s.example/a.css"]
    assert step["context"]["page_title"] == SAFE


@pytest.mark.parametrize(
    "answer", [{"html": 5}, {"html": None}, {"html": "x", "links": 1, "css": "a"}, {"html": []}]
)
def test_answers_of_a_wrong_form_are_no_error(answer: dict[str, Any]) -> None:
    with answering(answer) as server:
        [step] = area("teams", settings=settings(server.url))
    assert step["ended"] in (None, "exit")


def test_guests_see_what_their_group_may() -> None:
    guest = {"id": 0, "name": "", "groups": [-1], "permissions": [], "is_guest": True}
    [step] = area("teams", settings=SET, user=guest)
    assert step["ended"] == "not allowed"


def test_what_has_a_place_in_the_profile_is_shown_there() -> None:
    assert area("members/12/record")[0]["ended"] == "redirect action=profile;u=12;area=aarecord"
    assert area("identity")[0]["ended"] == "redirect action=profile;area=aaidentity"
    with answering({"title": "Record", "html": "figures"}) as server:
        [step] = play(("AfterActionPages::record", [12]), settings=settings(server.url))
        assert "figures" in step.html
        assert server.seen[0][1] == "/forum/members/12/record"


def test_an_identity_is_shown_to_its_owner_alone() -> None:
    with answering({"title": "Identity", "html": "codes"}) as server:
        [other] = play(("AfterActionPages::identity", [12]), settings=settings(server.url))
        assert other["ended"] == "error no_access"
        [mine] = play(("AfterActionPages::identity", [7]), settings=settings(server.url))
        assert "codes" in mine.html
        assert [path for _, path, _, _ in server.seen] == ["/forum/identity"]


def test_what_is_no_page_is_a_file() -> None:
    with answering({"events": [EVIL]}) as server:
        [step] = area("identity/export", settings=settings(server.url))
    assert step["ended"] == "exit"
    assert '"events"' in step.html


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://stats.example.org/",
        "https://stats.example.org.evil.example/",
        "https://stats.example.org@evil.example/",
        "https://evil.example\\@stats.example.org/",
        "//stats.example.org/",
        "javascript:alert(1)",
        "https://stats.example.org:8443/",
        "https://stats.example.org/\r\nX: y",
    ],
)
def test_it_sends_nobody_elsewhere(url: str) -> None:
    with answering({"redirect": url}) as server:
        [step] = area("login", settings=settings(server.url, site=SITE))
    assert step["ended"] == "error afteraction_elsewhere"


def test_it_sends_to_the_site() -> None:
    with answering({"redirect": f"{SITE}/login?token=abc"}) as server:
        [step] = area("login", settings=settings(server.url, site=SITE))
    assert step["ended"] == f"redirect {SITE}/login?token=abc"


def test_menus() -> None:
    buttons = {"home": {"title": "Home"}, "search": {"title": "Search"}}
    [step] = play(("AfterActionHooks::menu", [buttons]), settings=settings("http://x", site=f"{SITE}/a&b"))
    made = step["arguments"][0]
    assert list(made) == ["home", "afteraction", "search"]
    assert made["afteraction"]["show"] is True
    assert made["afteraction"]["sub_buttons"]["aa_site"]["href"] == f"{SITE}/a&amp;b"
    [hidden] = play(("AfterActionHooks::menu", [buttons]), user={"permissions": []})
    assert hidden["arguments"][0]["afteraction"]["show"] is False
    [areas] = play(("AfterActionHooks::profile", [{"info": {"areas": {"summary": {}}}}]))
    found = areas["arguments"][0]["info"]["areas"]
    assert list(found) == ["summary", "aarecord", "aaidentity"]
    assert found["aaidentity"]["permission"]["any"] == []


def test_languages() -> None:
    [step] = play(("AfterActionHooks::profile", [{}]), user={"language": "german"})
    assert step["arguments"][0]["info"]["areas"]["aarecord"]["label"] == "Kampfbilanz"


def test_permissions() -> None:
    permissions, guests = play(
        ("AfterActionHooks::permissions", [[], {"membergroup": {"a": [False, "x"]}}]),
        ("AfterActionHooks::guestPermissions", []),
    )
    found = permissions["arguments"][1]["membergroup"]
    assert found["a"] == [False, "x"]
    assert found["mohaa_manage"] == [False, "afteraction"]
    assert "mohaa_view" not in guests["context"]["non_guest_permissions"]
    assert "mohaa_play" in guests["context"]["non_guest_permissions"]
    assert "mohaa_task" not in found


def test_cards() -> None:
    [step] = play(("AfterActionHooks::bbc", [[{"tag": "b"}]]), settings=SET)
    codes = {code["tag"]: code for code in step["arguments"][0]}
    assert list(codes) == ["b", "player", "match", "leaderboard"]
    assert codes["player"]["test"] == r"[0-9a-f]{16}\]"
    assert f'src="{SITE}/embed/players/$1"' in codes["player"]["before"]
    assert "allow-top-navigation-by-user-activation" in codes["player"]["before"]
    [links] = play(("AfterActionHooks::bbc", [[]]), settings={**SET, "afteraction_cards": "0"})
    assert "iframe" not in links["arguments"][0][0]["before"]
    [nothing] = play(("AfterActionHooks::bbc", [[]]))
    assert nothing["arguments"][0] == []


def test_the_info_centre() -> None:
    shown, block = play(
        ("AfterActionHooks::infoCentre", []), ("template_ic_block_afteraction", []), settings=SET
    )
    assert shown["context"]["info_center"] == [{"tpl": "afteraction", "txt": "afteraction_live"}]
    assert f'src="{SITE}/embed/live"' in block.html
    [hidden] = play(("AfterActionHooks::infoCentre", []), settings={**SET, "afteraction_live_block": "0"})
    assert "info_center" not in hidden["context"]


def test_who_is_playing() -> None:
    members = [
        {"id": 7, "action": "Reading a topic"},
        {"id": 8, "action": {"label": "who_hidden"}},
        {"id": 0, "action": "guest"},
    ]
    context = {"current_action": "who", "members": members}
    heard = {"at": int(time.time()), "members": {"7": [EVIL, "mohdm6"], "8": ["Two", "dm"]}}

    def shown(playing: str) -> list[dict[str, Any]]:
        [step] = play(
            ("AfterActionHooks::whoPlays", []), context=context, settings={"afteraction_playing": playing}
        )
        found: list[dict[str, Any]] = step["context"]["members"]
        return found

    ann, bob, guest = shown(json.dumps(heard))
    assert ann["action"].startswith("Reading a topic<br>")
    assert f"Playing on {SAFE}, mohdm6" in ann["action"]
    assert "Playing on Two, dm" in bob["action"]["error_message"]
    assert guest == members[2]
    for stale in ("", "garbage", json.dumps({**heard, "at": int(time.time()) - 1000})):
        assert shown(stale) == members


def test_alerts_are_fetched_once_and_shown_escaped() -> None:
    alert = {"id": 5, "member": 7, "by": 8, "kind": "invite", "text": EVIL, "path": "teams/5"}
    alerts = [
        alert,
        {**alert, "id": 6, "member": 99},
        {**alert, "id": 7, "member": 8, "kind": "unlock"},
        {**alert, "id": 8, "kind": "x'; DROP TABLE y"},
        {**alert, "id": 3},
        {**alert, "id": "9"},
        "x",
    ]
    with answering({"alerts": alerts, "next": 8}) as server:
        # Members of the forum, then alerts that are there already.
        rows = [[[7, "Ann"], [8, "Bob"]], [[8, "aa"]]]
        now = {**settings(server.url, alerts_after="4"), "pref_8_afteraction_unlock": 0}
        [step] = play(("AfterActionTask::run", []), settings=now, rows=rows)
        assert server.seen[0][1] == "/forum/alerts?after=4"
    [row] = [each[2] for each in step.told("db_insert")]
    assert row[1:7] == [7, 8, "Bob", "aa", 5, "invite"]
    assert step.told("updateMemberData") == [[7, {"alerts": "+"}]]
    assert step["settings"]["afteraction_alerts_after"] == "8"

    kept = {
        "content_type": "aa",
        "content_action": "invite",
        "extra": {"aa_text": EVIL, "aa_path": "teams/5?a=b"},
    }
    other = {"content_type": "msg", "content_action": "like", "extra": {"aa_text": "x"}}
    [shown] = play(("AfterActionHooks::alerts", [{"1": kept, "2": other}]))
    ours, others = shown["arguments"][0]["1"], shown["arguments"][0]["2"]
    assert ours["extra"]["aa_text"] == SAFE
    assert ours["extra"]["content_link"].endswith("?action=afteraction;at=teams%2F5%3Fa%3Db")
    assert shown["txt"] == {"alert_aa_invite": "{aa_text}"}
    assert others == other


def test_the_task_hears_who_plays() -> None:
    playing = [{"member": 7, "server": EVIL * 20, "map": "m"}, {"member": "8"}, 3]
    with answering({"playing": playing}) as server:
        [step] = play(("AfterActionTask::run", []), settings=settings(server.url))
    assert '"7"' in step["settings"]["afteraction_playing"]
    assert len(step["settings"]["afteraction_playing"]) < 700
    assert step["returned"] is True


def test_the_task_is_calm_while_it_is_away() -> None:
    [step] = play(("AfterActionTask::run", []), settings=settings("http://127.0.0.1:1", alerts_after="4"))
    assert step["returned"] is False
    assert step["settings"]["afteraction_alerts_after"] == "4"
    with answering({"detail": "Not Found"}, 404) as older:
        [step] = play(("AfterActionTask::run", []), settings=settings(older.url))
        assert step["returned"] is True


ADMIN = {"permissions": ["admin_forum"]}


def test_settings_keep_a_key_that_nobody_types() -> None:
    page: tuple[str, list[Any]] = ("AfterActionAdmin::settings", [])
    post: dict[str, Any] = {
        "f00d": 'secret<"',
        "afteraction_url": " https://s.example/ ",
        "afteraction_site": "",
    }
    for typed, kept in (
        (["", ""], "aaf_EXAMPLE"),
        (["new", "new"], "new"),
        (["new", "other"], "aaf_EXAMPLE"),
    ):
        [step] = play(
            page,
            settings=settings("http://x"),
            user=ADMIN,
            get={"save": ""},
            post={**post, "afteraction_key": typed},
        )
        assert step["ended"] == "redirect action=admin;area=modsettings;sa=afteraction"
        assert step["settings"]["afteraction_key"] == kept
        assert step["settings"]["afteraction_url"] == "https://s.example"
    for wrong in ("ftp://x", "javascript:alert(1)", "https://u:p@x", "https://x?y"):
        [step] = play(page, user=ADMIN, get={"save": ""}, post={**post, "afteraction_url": wrong})
        assert step["ended"] == "error afteraction_bad_address"
    [step] = play(page, user=ADMIN, get={"save": ""}, post={**post, "f00d": "x"})
    assert step["ended"] == "session"
    [step] = play(page, get={"save": ""}, post=post)
    assert step["ended"] == "not allowed"


def test_the_button_wants_the_session() -> None:
    [step] = play(("AfterActionAdmin::settings", []), user=ADMIN, get={"test": ""}, settings=SET)
    assert step["ended"] == "session"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"html": "x"}, 200, "After Action answers"),
        ({"ok": 1}, 200, "was not understood"),
        ({"detail": f"unknown {EVIL}"}, 401, "Make a key with"),
        (
            {"detail": "the statement was made 90 s from now: the forum's clock is ahead of ours"},
            403,
            "clocks",
        ),
        ({"detail": "the statement was made for another address than"}, 403, "changes the address"),
        ({"detail": "there is no forum here"}, 404, "AFTERACTION_FORUM_URL"),
        ({"detail": "forum is away"}, 503, "afteraction doctor"),
        (b"<html>", 200, "is this After Action?"),
    ],
)
def test_the_button_says_what_is_wrong(body: Any, status: int, said: str) -> None:
    with answering(body, status) as server:
        [step] = play(
            ("AfterActionAdmin::settings", []),
            user=ADMIN,
            settings=settings(server.url),
            get={"test": "", "f00d": 'secret<"'},
        )
    shown = step["context"]["settings_insert_above"]
    assert said in shown
    assert "<script>" not in shown


def test_words_are_text_and_not_code() -> None:
    for language in ("english", "german"):
        for line in (MOD / "languages" / f"AfterAction.{language}.php").read_text().splitlines()[2:]:
            assert line == "" or (line.startswith("$txt['") and line.endswith("';")), line
