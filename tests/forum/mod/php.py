"""The mod's PHP, run by a true PHP against a stand-in of SMF."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MOD = HERE.parents[2] / "smf_bridge" / "mod"


def php(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run PHP: `php`, or what AFTERACTION_TEST_PHP names, so that older and newer ones can be tried.

    Skips where there is none; in CI, which installs it, that is a failure.
    """
    binary = shutil.which(os.environ.get("AFTERACTION_TEST_PHP", "php"))
    modules = ""
    if binary is not None:
        listed = subprocess.run([binary, "-m"], capture_output=True, text=True, check=True, timeout=60)
        modules = listed.stdout.lower()
    missing = [each for each in ("curl", "mbstring", "tokenizer") if each not in modules.split()]
    if binary is None or missing:
        reason = f"no php with {', '.join(missing)} here (Debian: apt install php-cli php-curl php-mbstring)"
        if os.environ.get("CI_INSTALLED_PHP"):
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(
        [binary, "-d", "display_errors=stderr", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class Step(dict[str, Any]):
    """What came of one function that SMF called."""

    @property
    def html(self) -> str:
        """What it wrote."""
        return str(self["html"])

    @property
    def seconds(self) -> float:
        """How long it took."""
        return float(self["seconds"])

    def told(self, what: str) -> list[list[Any]]:
        """Return what SMF was told by one of its functions, call by call."""
        return [each[1:] for each in self["told"] if each[0] == what]


def play(*steps: tuple[str, list[Any]], **asked: Any) -> list[Step]:
    """Let SMF call functions of the mod, one after another in one process."""
    done = php(str(HERE / "drive.php"), stdin=json.dumps({**asked, "steps": steps}))
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    return [Step(each) for each in json.loads(done.stdout)]


def area(at: str = "", *, times: int = 1, **asked: Any) -> list[Step]:
    """Open an area's page."""
    asked["get"] = {"action": "afteraction", "at": at, **asked.get("get", {})}
    return play(*[("AfterActionPages::area", [])] * times, **asked)


def settings(url: str, key: str = "aaf_EXAMPLE", **more: str) -> dict[str, str]:
    """Return the mod's settings as SMF holds them."""
    return {f"afteraction_{name}": value for name, value in {"url": url, "key": key, **more}.items()}
