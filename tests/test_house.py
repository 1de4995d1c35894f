"""What is promised of the files themselves."""

import ast
import ipaddress
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {"api", "clickhouse", "docs", "game_scripts", "postgres", "smf_bridge", "tests", ".ci"}
# Pieces, so that this file does not contain what it looks for.
HOSTS = (
    "py" + r"pi\.org",
    "python" + "hosted",
    "npm" + r"js\.org",
    r"deb\." + r"debian\.org",
    "art" + "ifactory",
    "dev" + "pi-server",
    r"/py" + "pi(-more)?/",
    "nexus" + r"\.",
)
# An example in an admin's page may lie in the home of the user `mohaa`.
HOMES = ("work", "root", r"home(?!/mohaa/)", "mnt", "Users")
SECRETS = (
    r"\baa[afrs]_[A-Za-z0-9_-]{40,}",
    "BEGIN [A-Z ]*PRIVATE" + " KEY",
    r"\bghp_[A-Za-z0-9]{30,}",
    r"\bAKIA[A-Z0-9]{16}\b",
)
DOMAIN_FILES = {"__init__.py", "routes.py", "members.py", "admin.py", "service.py", "queries.py", "job.py"}


def tracked() -> list[Path]:
    """Return the files of the repository; without git, none of them can be told from the others."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [CHECKOUT / name for name in done.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


def lines() -> Iterator[tuple[str, str]]:
    """Return every line of every text file, with its place."""
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path.relative_to(CHECKOUT)}:{number}", line


def places(pattern: str, flags: int = 0) -> list[str]:
    wanted = re.compile(pattern, flags)
    return [f"{place}: {line.strip()[:120]}" for place, line in lines() if wanted.search(line)]


def test_no_address_of_a_package_index() -> None:
    assert places("|".join(HOSTS), re.IGNORECASE) == []
    assert places(r"(--|\b)(extra-)?" + r"index-url[ =]+\S*:/" + "/") == []


def test_no_path_of_a_machine() -> None:
    assert places(r"(?<![\w.~/$}\])-])/(" + "|".join(HOMES) + r")/[\w.-]+/[\w.-]") == []


def test_no_secret() -> None:
    assert places("|".join(SECRETS)) == []


def test_addresses_are_nobodys() -> None:
    """Loopback, private, documentation: no machine of anybody's stands in here."""
    found = [
        (place, text) for place, line in lines() for text in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", line)
    ]
    assert [(place, text) for place, text in found if _is_somebodys(text)] == []


def _is_somebodys(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def test_nothing_is_large() -> None:
    assert [str(path) for path in tracked() if path.stat().st_size > 1_000_000] == []


def test_nothing_is_left_over() -> None:
    names = [str(path.relative_to(CHECKOUT)) for path in tracked()]
    assert [
        n for n in names if re.search(r"(\.pyc|\.orig|\.rej|\.log|~|\.swp|\.egg-info/.*|^data/.*|^\.env)$", n)
    ] == []


def test_the_top_level_is_as_designed() -> None:
    folders = {path.relative_to(CHECKOUT).parts[0] for path in tracked() if path.parent != CHECKOUT}
    assert folders <= TOP_LEVEL


@pytest.mark.parametrize("script", [".ci/run"])
def test_scripts_can_be_run(script: str) -> None:
    assert (CHECKOUT / script).stat().st_mode & 0o111


def domains() -> list[Path]:
    """Return the packages of api that speak HTTP: these have the same few file names."""
    return sorted(path.parent for path in (CHECKOUT / "api").glob("*/routes.py"))


def test_a_domain_has_the_few_file_names_or_rules_without_io() -> None:
    """Any other file is a rule, or (in stats) a noun with a query file: neither serves HTTP."""
    for domain in domains():
        for path in domain.glob("*.py"):
            if path.name not in DOMAIN_FILES:
                text = path.read_text()
                assert "import litestar" not in text, path
                assert "from litestar" not in text, path


def test_every_query_file_has_its_caller() -> None:
    code = "\n".join(path.read_text() for path in (CHECKOUT / "api").rglob("*.py"))
    for engine in ("clickhouse", "postgres"):
        for path in (CHECKOUT / engine / "queries").glob("*.sql"):
            assert re.search(rf'"{engine}", "{path.stem}"\)', code), path


def test_every_named_query_is_called() -> None:
    folders = CHECKOUT / "api", CHECKOUT / "smf_bridge"
    code = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    for path in sorted(CHECKOUT.glob("*/queries/*.sql")):
        text = path.read_text()
        for name in re.findall(r"^-- name: (\w+)", text, re.MULTILINE):
            part_of_another = f"{{{name}:Query}}" in text
            assert part_of_another or re.search(rf'"{name}"', code), f"{path.name}: {name}"


def test_functions_stay_small() -> None:
    """Nobody reads a function of two screens."""
    assert [place for place, length in _functions() if length > 60] == []


def _functions() -> Iterator[tuple[str, int]]:
    for package in ("api", "smf_bridge"):
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield (
                        f"{path.relative_to(CHECKOUT)}: {node.name}",
                        (node.end_lineno or 0) - node.lineno + 1,
                    )


@pytest.mark.parametrize(
    "page",
    sorted(str(p.relative_to(CHECKOUT)) for p in (*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md"))),
)
def test_links_lead_somewhere(page: str) -> None:
    text = (CHECKOUT / page).read_text()
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if ":" not in t]
    assert [t for t in targets if t and not ((CHECKOUT / page).parent / t).exists()] == []


def test_files_that_pages_name_exist() -> None:
    """A path such as api/ingest/job.py in a page is a promise as well."""
    for page in ("README.md", "docs/architecture.md"):
        text = (CHECKOUT / page).read_text()
        for name in re.findall(r"`((?:api|tests|clickhouse|postgres|game_scripts)/[\w./]+\w)`", text):
            assert (CHECKOUT / name).exists(), f"{page}: {name}"
