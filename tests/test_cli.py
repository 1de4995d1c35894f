"""The command `afteraction` as people run it: a program of its own, in a terminal, on a data folder."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

COMMAND = str(Path(sys.executable).with_name("afteraction"))
CHECKOUT = Path(__file__).resolve().parents[1]
# As a terminal does: Ctrl-C goes to the group, not to the process alone.
CTRL_C, TERMINATE = signal.SIGINT, signal.SIGTERM

Be = list[str]
MYSELF: Be = []


def environment(data: Path, **settings: str) -> dict[str, str]:
    """Return a command's environment: nothing of ours but a data folder, a free port and `settings`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AFTERACTION_")}
    given = {f"AFTERACTION_{name.upper()}": value for name, value in settings.items()}
    return {**clean, "AFTERACTION_DATA": str(data), "AFTERACTION_PORT": "0", **given}


def afteraction(
    *arguments: str, data: Path, be: Be = MYSELF, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*be, COMMAND, *arguments],
        env=environment(data, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        cwd="/",
    )


class Up:
    """A running `afteraction up`."""

    def __init__(self, data: Path, be: Be = MYSELF, **settings: str) -> None:
        self.data = data
        # Beside the data folder, which may belong to another user by now.
        self._output = tempfile.TemporaryDirectory()
        self._out, self._err = (Path(self._output.name) / name for name in ("out", "err"))
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*be, COMMAND, "up"],
                env=environment(data, **settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                cwd="/",
            )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def url(self) -> str:
        found = re.search(r"^After Action runs: (http://\S+)$", self.out, re.MULTILINE)
        assert found is not None, self.out + self.err
        return found[1]

    def wait_until_ready(self) -> "Up":
        self.wait_until_says_how_to_stop()
        self._wait(lambda: _answers(f"{self.url}/healthz"))
        return self

    def wait_until_says_how_to_stop(self) -> None:
        self._wait(lambda: "Ctrl-C stops" in self.out)

    def wait_until_says(self, text: str) -> None:
        self._wait(lambda: text in self.err)

    def _wait(self, done: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.out}{self.err}"
            assert time.monotonic() < deadline, self.out + self.err
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> int:
        """Signal the process group and return the exit status."""
        os.killpg(self.process.pid, number)
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.send(signal.SIGKILL)
        self._output.cleanup()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def running(data: Path, be: Be = MYSELF, **settings: str) -> Iterator[Up]:
    """Run `afteraction up` for the length of the block."""
    up = Up(data, be, **settings)
    try:
        yield up.wait_until_ready()
    finally:
        up.close()


def descendants(pid: int) -> set[int]:
    """Return the processes below a process."""
    children: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, set()).add(int(stat.parent.name))
    found, waiting = set(), {pid}
    while waiting:
        below = children.get(waiting.pop(), set())
        found |= below
        waiting |= below
    return found


def alive(pids: set[int]) -> set[int]:
    """Return which of the processes still run; one that nobody has waited for yet does not."""
    states = {pid: Path(f"/proc/{pid}/stat") for pid in pids}
    return {pid for pid, stat in states.items() if stat.exists() and ") Z " not in stat.read_text()}


def wait_until_gone(pids: set[int], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while alive(pids):
        assert time.monotonic() < deadline, [Path(f"/proc/{p}/cmdline").read_text() for p in alive(pids)]
        time.sleep(0.05)


def send_kill(url: str, token: str, session: str = "s1") -> dict[str, object]:
    """Send one event and return the answer."""
    event = {"type": "player_kill", "session_id": session, "seq": 0, "timestamp": time.time()}
    names = {"attacker_name": "Ann", "victim_name": "Bob", "weapon": "M1 Garand", "match_id": "m1"}
    answer = httpx.post(
        f"{url}/api/v1/ingest/events", json=[{**event, **names}], headers={"X-Server-Token": token}
    )
    assert answer.status_code == 202, answer.text
    found: dict[str, object] = answer.json()
    return found


def admin_token(up: Up) -> str | None:
    found = re.search(r"admin token[^:]*: (\S+)", up.out)
    return found[1] if found else None


def stop_cleanly(up: Up, number: signal.Signals) -> None:
    """Stop and see that nothing is left: exit status 0, no traceback, no process."""
    below = descendants(up.process.pid)
    assert below
    assert up.send(number) == 0, up.err
    assert alive(below) == set()
    assert "Traceback" not in up.err
    assert up.err.rstrip().endswith("stopped")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running instance, for commands beside it."""
    with running(tmp_path_factory.mktemp("running") / "data") as up:
        yield up


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder on which After Action has run before."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    done = afteraction("migrate", data=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_second_start_finds_what_the_first_one_left(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as first:
        token = admin_token(first)
        assert token is not None
        assert len(token) > 40
        server = json.loads(afteraction("server", "add", "one", "--json", data=data).stdout)
        assert send_kill(first.url, server["token"])["accepted"] == 1
        stop_cleanly(first, CTRL_C)
    with running(data) as second:
        assert admin_token(second) is None
        assert send_kill(second.url, server["token"])["duplicates"] == 1
        found = httpx.get(f"{second.url}/api/v1/servers/1/sessions").json()["sessions"]
        assert [(s["session_id"], s["received"], s["repeats"]) for s in found] == [("s1", 1, 1)]
        quarantine = f"{second.url}/api/v1/admin/quarantine"
        assert httpx.get(quarantine, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert httpx.get(quarantine).status_code == 401
        stop_cleanly(second, TERMINATE)


def test_a_configured_admin_token_is_not_printed(data: Path) -> None:
    with running(data, admin_token="0123456789abcdef-mine") as up:
        assert "admin token" not in up.out
        assert "0123456789abcdef-mine" not in up.out + up.err


def test_ctrl_c_during_the_start_leaves_nothing_running(data: Path) -> None:
    up = Up(data)
    try:
        up.wait_until_says("starting Valkey")
        below = descendants(up.process.pid)
        assert below
        assert up.send(CTRL_C) in (0, 130)
        wait_until_gone(below)
        assert "Traceback" not in up.err
    finally:
        up.close()


def test_ctrl_c_while_the_database_is_made_costs_nothing(tmp_path: Path) -> None:
    up = Up(tmp_path / "data")
    try:
        up.wait_until_says("starting Postgres")
        time.sleep(0.02)
        assert up.send(CTRL_C) in (0, 130)
    finally:
        up.close()
    listed = afteraction("server", "list", "--json", data=tmp_path / "data")
    assert listed.returncode == 0, listed.stderr


def test_ctrl_c_as_soon_as_it_says_how(data: Path) -> None:
    up = Up(data)
    try:
        up.wait_until_says_how_to_stop()
        stop_cleanly(up, CTRL_C)
    finally:
        up.close()


def test_a_second_up_on_the_folder_says_who_runs_it(instance: Up) -> None:
    second = afteraction("up", data=instance.data)
    assert second.returncode == 1
    assert f"pid {instance.process.pid}" in _line(second.stderr)
    assert "AFTERACTION_DATA" in second.stderr
    assert _answers(f"{instance.url}/healthz")


def test_a_taken_port_is_named(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = afteraction("up", data=data, port=str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "AFTERACTION_PORT" in done.stderr
    assert "starting" not in done.stderr


@pytest.mark.parametrize(("name", "value"), [("port", "eighty"), ("admin_token", "short"), ("prot", "1")])
def test_a_bad_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    done = afteraction("up", data=tmp_path / "data", be=MYSELF, **{name: value})
    assert done.returncode == 1
    assert f"AFTERACTION_{name.upper()}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = afteraction("up", data=tmp_path / "file" / "data")
    assert done.returncode == 1
    assert "AFTERACTION_DATA" in done.stderr
    assert "Traceback" not in done.stderr


def test_servers_beside_a_running_instance(instance: Up) -> None:
    data = instance.data
    token = _server_token("add", "beside", data)
    assert send_kill(instance.url, token)["accepted"] == 1
    newer = _server_token("rotate", "beside", data)
    assert newer != token
    assert send_kill(instance.url, newer)["duplicates"] == 1
    listed = json.loads(afteraction("server", "list", "--json", data=data).stdout)
    assert [s["active"] for s in listed if s["name"] == "beside"] == [True]
    assert "last heard" in afteraction("server", "list", data=data).stdout
    assert afteraction("server", "revoke", "beside", data=data).returncode == 0
    assert "'nobody'" in _line(afteraction("server", "revoke", "nobody", data=data).stderr)
    _wait_for_refusal(instance.url, newer)


def _wait_for_refusal(url: str, token: str) -> None:
    deadline = time.monotonic() + 10
    status = 0
    while status != 403:
        assert time.monotonic() < deadline, status
        status = httpx.post(
            f"{url}/api/v1/ingest/events", content=b"[]", headers={"X-Server-Token": token}
        ).status_code
        time.sleep(0.1)


def test_keys_and_the_audit_log_beside_a_running_instance(instance: Up) -> None:
    data = instance.data

    def audit(token: str) -> httpx.Response:
        return httpx.get(f"{instance.url}/api/v1/admin/audit", headers={"Authorization": f"Bearer {token}"})

    done = afteraction("key", "add", "admin", "[me]", data=data)
    token = done.stdout.strip()
    assert token.startswith("aaa_")
    assert "shown only now" in done.stderr
    id_ = audit(token).json()["entries"][0]["subject"].removeprefix("key ")
    rotated = json.loads(afteraction("key", "rotate", id_, "--overlap", "0", "--json", data=data).stdout)
    shown = afteraction("key", "list", data=data).stdout
    assert re.search(rf"^ +{id_}  admin   \[me\]  \(ended\)  last used", shown, re.MULTILINE)
    assert re.search(rf"^ +{rotated['id']}  admin   \[me\]  never used", shown, re.MULTILINE)
    newest = audit(rotated["token"]).json()["entries"][0]
    assert (newest["action"], newest["actor"], newest["address"]) == ("key.rotate", "command", "")
    assert "revoked" in afteraction("key", "revoke", str(rotated["id"]), data=data).stdout
    assert "there is no key 9999" in _line(afteraction("key", "revoke", "9999", data=data).stderr)
    assert "0 to" in _line(afteraction("key", "rotate", id_, "--overlap", "nan", data=data).stderr)
    said = afteraction("audit", "--subject", f"key {rotated['id']}", data=data).stdout
    assert re.search(rf" key\.revoke key {rotated['id']} \{{.*true.*\}} -> \{{.*false.*\}}$", _line(said))
    assert token not in said


def test_servers_without_a_running_instance(data: Path) -> None:
    token = _server_token("add", "without", data)
    assert token.startswith("aas_")
    again = afteraction("server", "add", "without", data=data)
    assert again.returncode == 1
    assert "'without'" in _line(again.stderr)
    listed = json.loads(afteraction("server", "list", "--json", data=data).stdout)
    assert [s["active"] for s in listed if s["name"] == "without"] == [True]


def test_the_doctor_examines_a_folder_that_was_never_started(tmp_path: Path) -> None:
    done = afteraction("doctor", "--json", data=tmp_path / "data")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = [finding["text"] for finding in json.loads(done.stdout)]
    assert any("does not run" in text for text in said)
    assert any("there are none" in text for text in said)


def _server_token(verb: str, name: str, data: Path) -> str:
    done = afteraction("server", verb, name, data=data)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_dry_run_of_migrations(tmp_path: Path, data: Path) -> None:
    fresh = json.loads(afteraction("migrate", "--dry-run", "--json", data=tmp_path / "data").stdout)
    assert {"engine": "postgres", "number": 1, "name": "servers"} in fresh
    assert {step["engine"] for step in fresh} == {"postgres", "clickhouse"}
    assert json.loads(afteraction("migrate", "--dry-run", "--json", data=data).stdout) == []


def test_rebuild_beside_a_running_instance(instance: Up) -> None:
    send_kill(instance.url, _server_token("add", "rebuilt", instance.data))
    one = afteraction("rebuild", "player_daily", "--json", data=instance.data)
    assert one.returncode == 0, one.stderr
    assert json.loads(one.stdout) == {"rebuilt": "player_daily"}
    none = afteraction("rebuild", "nonsense", data=instance.data)
    assert none.returncode == 1
    assert "player_daily" in none.stderr
    everything = afteraction("rebuild", data=instance.data)
    assert everything.returncode == 0, everything.stderr


def test_a_block_is_set_aside_by_the_instance_that_runs_or_where_none_does(
    instance: Up, tmp_path: Path
) -> None:
    beside = afteraction("block", "set-aside", "7", data=instance.data)
    assert beside.returncode == 1
    assert "/admin/blocks" in beside.stderr
    alone = afteraction("block", "set-aside", "7", data=tmp_path / "data")
    assert alone.returncode == 1
    assert "there is no block 7" in alone.stderr
    driven = afteraction("block", "drive", "--json", data=instance.data)
    assert json.loads(driven.stdout) == {"events": 0}


def test_after_a_kill_nothing_is_left_and_the_next_start_works(data: Path) -> None:
    with running(data) as up:
        token = _server_token("add", "killed", data)
        send_kill(up.url, token, session="killed")
        below = descendants(up.process.pid)
        up.process.kill()
        up.process.wait()
        wait_until_gone(below)
    with running(data) as up:
        assert send_kill(up.url, token, session="killed")["duplicates"] == 1
        stop_cleanly(up, CTRL_C)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_needs_servers_says_which(data: Path, command: str) -> None:
    done = afteraction(command, data=data)
    assert done.returncode == 1
    assert "AFTERACTION_CLICKHOUSE_URL" in done.stderr
    assert "afteraction up" in done.stderr


@pytest.fixture
def nobody() -> Iterator[tuple[Be, Path]]:
    """How to be another user, and a folder of that user's own."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("the tests do not run as root: there is no other user to be")
    user = pwd.getpwnam("nobody")
    home = Path(tempfile.mkdtemp(prefix="afteraction-nobody-"))
    os.chown(home, user.pw_uid, user.pw_gid)
    be = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    if subprocess.run([*be, "env", COMMAND, "--version"], capture_output=True, cwd="/").returncode != 0:
        # A checkout under /root is closed to other users; then reading is all that this one may do more.
        be += ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
    yield [*be, "env", f"HOME={home}"], home
    shutil.rmtree(home)


def test_as_a_user_that_is_not_root(nobody: tuple[Be, Path]) -> None:
    be, home = nobody
    with running(home / "data", be) as up:
        assert admin_token(up) is not None
        done = afteraction("server", "add", "mine", data=home / "data", be=be)
        assert send_kill(up.url, done.stdout.strip())["accepted"] == 1
        stop_cleanly(up, CTRL_C)
    assert {path.stat().st_uid for path in (home / "data").rglob("*")} == {home.stat().st_uid}


def test_every_command_of_the_readme_exists() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    mentioned = set(re.findall(r"`afteraction ([a-z]+)", readme))
    listed = set(re.findall(r"^  ([a-z]+) ", _help(), re.MULTILINE))
    assert mentioned == listed


def _help() -> str:
    return subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout


def _line(text: str) -> str:
    """Undo the wrapping of a terminal."""
    return " ".join(text.split())
