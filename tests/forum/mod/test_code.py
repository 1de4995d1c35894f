"""The mod's files: PHP takes them, the house's rules hold, and the package is the same each time."""

import hashlib
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from zipfile import ZipFile

import pytest

from api import __version__
from smf_bridge import package
from tests.forum.mod.php import HERE, MOD, php, play

SPACE = "{http://www.simplemachines.org/xml/package-info}"


@pytest.mark.parametrize("file", sorted(str(each.relative_to(MOD)) for each in MOD.rglob("*.php")))
def test_php_takes_it(file: str) -> None:
    done = php("-l", str(MOD / file))
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("No syntax errors")


def test_the_rules_hold() -> None:
    done = php(str(HERE / "check.php"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("AfterAction/Pages.php", "AfterActionForum::at()", "$_GET['at']", "superglobal"),
        ("AfterAction/Pages.php", "loadLanguage('AfterAction');", "eval('1;');", "is not used here"),
        ("AfterAction/Task.php", "json_encode(", "unserialize(", "is not called here"),
        ("AfterAction/Task.php", "array_column(", "array_is_list(", "newer than PHP 8.0"),
        (
            "AfterAction/Client.php",
            "final class AfterActionAnswer",
            "enum Kind { case A; }\nfinal class B",
            "8.0",
        ),
        ("AfterAction/Hooks.php", "allowedTo(", "allowed_to(", "is known neither to PHP"),
        ("AfterAction/Hooks.php", "['afteraction_live']", "['afteraction_lively']", "no language"),
        (
            "AfterAction.template.php",
            "AfterActionForum::e($shown['title'])",
            "$shown['title']",
            "echoes $shown",
        ),
        (
            "languages/AfterAction.german.php",
            "$txt['afteraction_teams'] =",
            "$txt['afteraction_t'] =",
            "one language",
        ),
    ],
)
def test_the_check_finds_what_it_is_for(
    tmp_path: Path, file: str, before: str, after: str, said: str
) -> None:
    shutil.copytree(MOD, tmp_path / "smf_bridge" / "mod")
    shutil.copytree(HERE, tmp_path / "tests" / "forum" / "mod")
    broken = tmp_path / "smf_bridge" / "mod" / file
    text = broken.read_text()
    if "lively" in after:
        text += "\necho $txt['afteraction_lively'];\n"
    else:
        assert before in text
    broken.write_text(text.replace(before, after, 1) if "lively" not in after else text)
    done = php(str(tmp_path / "tests" / "forum" / "mod" / "check.php"))
    assert done.returncode == 1
    assert said in done.stdout


def test_the_package_is_the_same_each_time(tmp_path: Path) -> None:
    one, other = package.build(tmp_path / "a"), package.build(tmp_path / "b")
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()
    assert one.name == f"afteraction-smf-{__version__}.zip"


def test_the_package_has_what_it_installs_and_removes_all_of_it(tmp_path: Path) -> None:
    with ZipFile(package.build(tmp_path)) as archive:
        names = archive.namelist()
        info = ElementTree.fromstring(archive.read("package-info.xml"))
    assert info.findtext(f"{SPACE}version") == __version__
    put: dict[str, set[str]] = {}
    for method in ("install", "upgrade", "uninstall"):
        put[method] = set()
        for action in info.iterfind(f"{SPACE}{method}/*"):
            kind = action.tag.removeprefix(SPACE)
            source = action.get("name") or action.text or ""
            if kind.startswith("require"):
                assert any(name == source or name.startswith(f"{source}/") for name in names), source
                put[method].add(f"{action.get('destination')}/{Path(source).name}")
            elif kind.startswith("remove"):
                put[method].add(source)
            else:
                assert source in names
    assert put["install"] == put["upgrade"] == put["uninstall"]
    assert "AfterAction/Hooks.php" in names


def test_hooks_come_and_go_and_those_of_others_stay() -> None:
    others = {"integrate_actions": "$sourcedir/Other.php|other_actions", "integrate_bbc_codes": "more_codes"}
    installed, again, removed = play(
        ("file", ["install.php"]), ("file", ["install.php"]), ("file", ["uninstall.php"]), settings=others
    )
    ours = "$sourcedir/AfterAction/Hooks.php|AfterActionHooks::actions"
    assert installed["settings"]["integrate_actions"] == f"{others['integrate_actions']},{ours}"
    assert again["settings"]["integrate_actions"] == installed["settings"]["integrate_actions"]
    left = {
        name: value for name, value in removed["settings"].items() if name.startswith("integrate_") and value
    }
    assert left == others
    assert not any("AfterAction" in str(value) for value in left.values())


def test_every_hook_has_its_function() -> None:
    code = (MOD / "AfterAction" / "Hooks.php").read_text()
    for line in (MOD / "hooks.php").read_text().splitlines():
        if "=>" in line:
            function = line.split("::")[1].rstrip("',")
            assert f"public static function {function}(" in code, function


def test_who_is_given_what_at_first_and_nothing_is_changed_by_an_upgrade() -> None:
    first, upgrade = play(("file", ["install.php"]), ("file", ["install.php"]), rows=[[[2], [9]]])
    [permissions] = [each[2] for each in first.told("db_insert") if "permissions" in each[1]]
    assert [-1, "mohaa_view", 1] in permissions
    assert [-1, "mohaa_play", 1] not in permissions
    assert [9, "mohaa_team_create", 1] in permissions
    assert not any(name == "mohaa_manage" for _, name, _ in permissions)
    tables = [(each[0], each[1].removeprefix("{db_prefix}")) for each in upgrade.told("db_insert")]
    assert tables == [("ignore", "scheduled_tasks"), ("ignore", "user_alerts_prefs")]
    assert upgrade.told("updateSettings") == [[["next_task_time"]]]


def test_removing_takes_back_alerts_and_counts_anew() -> None:
    [removed] = play(("file", ["uninstall.php"]), rows=[[[7, 3]], [[2]]])
    assert removed.told("updateMemberData") == [[7, {"alerts": 2}]]
    deleted = [sql.split()[2] for sql, _ in removed.told("db_query") if sql.startswith("DELETE")]
    assert {"{db_prefix}user_alerts", "{db_prefix}permissions", "{db_prefix}scheduled_tasks"} <= set(deleted)
    assert "{db_prefix}members" not in deleted
