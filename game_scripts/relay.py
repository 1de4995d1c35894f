#!/usr/bin/env python3
"""Ship a game server's spool to After Action.

The tracker in the game server appends one JSON object a line to spool*.ndjson files, because a stock server
cannot speak HTTP. This relay runs beside it, follows those files, and sends what is new in gzipped batches.

    relay.py --spool ~/.local/share/openmohaa/main/afteraction --url https://stats.example.org \\
             --token-file /etc/afteraction/token
    relay.py --spool ... --status

A line counts as sent only when the platform has answered that it has it. The place in each file is written
to disk after that answer and never before, so a crash, a power cut or a kill -9 repeats lines and loses none;
the platform knows repeats by the numbers that the tracker put on them. Nothing is dropped: a line that the
platform cannot take at all is put aside in a .rejected file and reported.

Players' questions, such as whether a login code is good, or what their rank is, lie beside the spool as
ask-*.json. They go first and are answered within seconds, in answer-*.txt; a question is deleted when it is
read, and never logged.

Settings come from flags, then the environment (AFTERACTION_RELAY_URL, _TOKEN, _TOKEN_FILE, _SPOOL, ...), then
a relay.conf (INI, section [relay], the flags' names). Exit status: 0 all well, 1 something was not sent,
2 wrong settings, 3 another relay has this spool.

Standard library only, Python 3.9 or newer.
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import configparser
import contextlib
import email.utils
import gzip
import hashlib
import http.client
import json
import logging
import os
import random
import re
import signal
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

log = logging.getLogger("relay")

PATTERN = "spool*.ndjson"
TRACKER_FILE = re.compile(r"(?P<session>spool-.+)-(?P<number>\d{5,})\.ndjson")
INGEST_PATH = "/api/v1/ingest/events"
MARK_BYTES = 256
LONGEST_WAIT = 15 * 60.0
REFUSED_WAIT = 60.0
# Players' questions. A player who waited longer was told by the tracker that there is no answer.
ASK_FILE = re.compile(r"ask-(?P<id>[A-Za-z0-9-]{1,80})\.json")
ASK_PATHS = {
    "login": "/api/v1/auth/verify",
    "resume": "/api/v1/auth/sessions/resume",
    "logout": "/api/v1/auth/sessions/logout",
    "command": "/api/v1/game/commands",
}
# What each question carries to the platform; nothing else that lies in the file is sent.
_LOGIN_MEMBERS = ("client_id", "name", "address")
ASK_MEMBERS = {
    "login": (*_LOGIN_MEMBERS, "code"),
    "resume": _LOGIN_MEMBERS,
    "logout": _LOGIN_MEMBERS,
    "command": ("client_id", "name", "command", "arguments"),
}
ASK_POLL = 0.1
ASK_LONGEST_PAUSE = 2.0
ASK_TIMEOUT = 2.5
ASK_STALE = 10.0
ANSWER_KEPT = 60.0
ANSWER_LINES = 6
HARMLESS = {ord('"'): "'", ord("%"): "_"}
NO_ANSWER = "The stats platform does not answer. Try again later."
# So many lines put aside in a row, and none taken, look like a wrong address rather than bad lines.
MOST_SET_ASIDE_IN_A_ROW = 20


class RelayError(Exception):
    """Something the admin has to put right. The text says what."""


class SettingsError(RelayError):
    """A setting is missing or wrong."""


class SpoolInUseError(RelayError):
    """Another relay is at work on this spool."""


# --- settings ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """Everything an admin can set, checked."""

    spool: Path
    state: Path
    url: str = ""
    token: str = ""
    token_file: Path | None = None
    ca_file: Path | None = None
    batch_events: int = 1000
    batch_bytes: int = 1 << 20
    max_line: int = 1 << 20
    linger: float = 1.0
    poll: float = 0.5
    timeout: float = 30.0
    backoff: float = 1.0
    tries: int = 5
    keep: bool = False
    idle_hours: float = 24.0

    @property
    def endpoint(self) -> str:
        """Where batches go."""
        return self.url.rstrip("/") + INGEST_PATH

    def read_token(self) -> str:
        """The token, read anew each time: a new one in the file works without a restart."""
        token = self.token
        if self.token_file is not None:
            try:
                token = self.token_file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = type(error).__name__
                raise SettingsError(f"cannot read the token file {self.token_file}: {reason}") from None
        token = token.strip()
        if not token:
            raise SettingsError("no token: give --token-file, AFTERACTION_RELAY_TOKEN or --token")
        if not re.fullmatch(r"[!-~]+", token):
            # checked here, because the HTTP library would print a bad header, and the token with it
            raise SettingsError("the token has characters that no token has; is it the right file?")
        return token


FLAGS: Mapping[str, tuple[type, str]] = {
    "spool": (Path, "folder with the tracker's spool files"),
    "url": (str, "address of the platform, such as https://stats.example.org"),
    "token": (str, "this server's token; a file is safer, since flags show in the process list"),
    "token_file": (Path, "file that holds the token"),
    "ca_file": (Path, "certificates to trust instead of the system's"),
    "state": (Path, "where the place is kept (default: relay.state.json in the spool)"),
    "batch_events": (int, "most lines in one request (default 1000)"),
    "batch_bytes": (int, "most bytes in one request before gzip (default 1048576)"),
    "max_line": (int, "a longer line is put aside unsent (default 1048576)"),
    "linger": (float, "seconds that a part-filled batch waits for more (default 1)"),
    "poll": (float, "seconds between looks at the spool (default 0.5)"),
    "timeout": (float, "seconds to wait for an answer (default 30)"),
    "backoff": (float, "seconds before the first new try; doubles, at most 15 minutes (default 1)"),
    "tries": (int, "with --once: tries in a row before giving up (default 5)"),
    "idle_hours": (float, "delete an acknowledged file whose session has been silent this long (default 24)"),
}


def read_settings(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Flags over environment over configuration file over defaults."""
    config = read_config(arguments.config)
    values: dict[str, Any] = {}
    for name, (kind, _) in FLAGS.items():
        text = getattr(arguments, name)
        if text is None:
            text = environment.get("AFTERACTION_RELAY_" + name.upper()) or config.get(name)
        if not text:
            continue
        try:
            values[name] = kind(text)
        except ValueError:
            raise SettingsError(f"{name}: {text!r} is not a number") from None
        if kind in (int, float) and not values[name] > 0:
            raise SettingsError(f"{name}: {text!r} must be more than 0")
    values["keep"] = arguments.keep or config.get("keep", "no").lower() in ("1", "yes", "true", "on")
    if "spool" not in values:
        raise SettingsError("no spool folder: give --spool or AFTERACTION_RELAY_SPOOL")
    if "token" in values:
        # a token given outright wins over a file named further down
        if arguments.token or not arguments.token_file:
            values.pop("token_file", None)
        else:
            values.pop("token")
    values.setdefault("state", values["spool"] / "relay.state.json")
    return Settings(**values)


def read_config(path: Path | None) -> dict[str, str]:
    """The file's settings by flag name. No file is fine, unless one was asked for."""
    chosen = path or Path(__file__).resolve().with_name("relay.conf")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with chosen.open(encoding="utf-8") as stream:
            parser.read_file(stream)
    except FileNotFoundError:
        if path is None:
            return {}
        raise SettingsError(f"no such configuration file: {path}") from None
    except (OSError, configparser.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {chosen}: {type(error).__name__}") from None
    if "relay" not in parser:
        raise SettingsError(f"{chosen}: no section [relay]")
    values = {name.replace("-", "_"): value for name, value in parser["relay"].items()}
    unknown = set(values) - set(FLAGS) - {"keep"}
    if unknown:
        raise SettingsError(f"{chosen}: unknown setting {', '.join(sorted(unknown))}")
    return values


def check_for_sending(settings: Settings) -> None:
    """Say at once, and not at the first batch, that something is missing."""
    parts = urllib.parse.urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"url: {settings.url!r} is no http(s) address; give --url or AFTERACTION_RELAY_URL"
        )
    settings.read_token()
    if not settings.spool.is_dir():
        raise SettingsError(f"no spool folder {settings.spool}; has the tracker run yet?")


# --- the place in each file -------------------------------------------------------------------------------


@dataclass
class Place:
    """How far one file has been acknowledged."""

    offset: int = 0
    lines: int = 0
    rejected: int = 0
    set_aside: int = 0
    inode: int = 0
    mark: str = ""
    last_ack: float | None = None


@dataclass
class State:
    """Everything the relay must not forget. Lives in one small JSON file."""

    files: dict[str, Place] = field(default_factory=dict)
    last_ack: float | None = None
    last_error: str | None = None
    last_error_at: float | None = None
    lines_total: int = 0
    rejected_total: int = 0
    set_aside_total: int = 0

    @classmethod
    def load(cls, path: Path) -> State:
        """Read it back; a missing or damaged file means: from the beginning."""
        try:
            raw = json.loads(path.read_bytes())
            files = {name: Place(**place) for name, place in raw.pop("files").items()}
            return cls(files=files, **raw)
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # sending again is harmless, going on from a wrong place is not
            log.warning("%s is damaged (%s): starting every file from its beginning", path, error)
            return cls()

    def save(self, path: Path) -> None:
        """Write it so that it survives a crash at any moment."""
        write_durably(path, json.dumps(asdict(self), indent=1).encode())


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves the old one or the new one, on disk."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names durable, too, where the system can."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def mark_of(stream: IO[bytes], offset: int) -> str:
    """A fingerprint of what has been acknowledged: its first and its last bytes."""
    if offset == 0:
        return ""
    stream.seek(0)
    digest = hashlib.sha256(stream.read(min(MARK_BYTES, offset)))
    stream.seek(max(0, offset - MARK_BYTES))
    digest.update(stream.read(min(MARK_BYTES, offset)))
    return digest.hexdigest()[:32]


def still_the_same(stream: IO[bytes], place: Place) -> bool:
    """Is this the file in which the place was taken, neither replaced nor cut nor written anew?"""
    if place.offset == 0:
        return True
    stat = os.fstat(stream.fileno())
    if stat.st_size < place.offset or stat.st_ino != place.inode:
        return False
    return mark_of(stream, place.offset) == place.mark


@contextlib.contextmanager
def sole_relay(path: Path) -> Iterator[None]:
    """Hold the spool's lock. The system lets go of it when this process ends, however it ends."""
    with path.open("a+b") as stream:
        if not lock(stream) and not lock_in_a_moment(stream):
            raise SpoolInUseError(f"another relay is at work on this spool (it holds {path})")
        stream.truncate(0)
        stream.write(str(os.getpid()).encode())
        stream.flush()
        yield


def lock_in_a_moment(stream: IO[bytes]) -> bool:
    """A look at --status holds the lock for a moment, too."""
    time.sleep(0.3)
    return lock(stream)


if sys.platform == "win32":
    import msvcrt

    def lock(stream: IO[bytes]) -> bool:
        """Take the lock if it is free."""
        # far behind the process id, which others may want to read
        stream.seek(1 << 20)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        stream.seek(0)
        return True

else:
    import fcntl

    def lock(stream: IO[bytes]) -> bool:
        """Take the lock if it is free."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def lock_path(settings: Settings) -> Path:
    """The lock stands beside the state that it guards."""
    return settings.state.with_name(settings.state.name + ".lock")


# --- reading the spool ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """Whole lines from one place in one file. `length` counts their newlines and blank lines too.

    `mark` is the fingerprint of the file up to their end, taken when they were read.
    """

    lines: list[bytes]
    length: int
    full: bool
    overlong: bool = False
    mark: str = ""


NOTHING = Batch([], 0, full=False)


def spool_files(folder: Path) -> list[Path]:
    """Oldest first: the tracker's names begin with the session's start and end with a running number."""
    return sorted(path for path in folder.glob(PATTERN) if path.is_file())


def read_batch(stream: IO[bytes], offset: int, max_lines: int, max_bytes: int, max_line: int) -> Batch:
    """Whole lines from `offset` on. A line that has no newline yet is still being written, and waits."""
    stream.seek(offset)
    data = stream.read(max_bytes)
    if data and b"\n" not in data:
        data += stream.read(max(0, max_line - len(data)))
        if b"\n" not in data and len(data) >= max_line:
            return _overlong(stream, len(data))
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        return NOTHING
    rows = whole.split(b"\n")[:-1]
    taken = rows[:max_lines]
    length = sum(len(row) + 1 for row in taken)
    full = len(taken) == max_lines or len(data) >= max_bytes
    return Batch([row for row in taken if row.strip()], length, full)


def _overlong(stream: IO[bytes], length: int) -> Batch:
    """Find the end of a line too long to send, without holding it in memory."""
    while True:
        chunk = stream.read(1 << 16)
        if not chunk:
            return NOTHING
        end = chunk.find(b"\n")
        if end >= 0:
            return Batch([], length + end + 1, full=True, overlong=True)
        length += len(chunk)


def rotated_away(files: list[Path]) -> set[str]:
    """Names of the files after which the tracker has begun a later one in the same session."""
    names = [name for name in (TRACKER_FILE.fullmatch(path.name) for path in files) if name]
    newest: dict[str, int] = {}
    for name in names:
        newest[name["session"]] = max(newest.get(name["session"], 0), int(name["number"]))
    return {name.string for name in names if int(name["number"]) < newest[name["session"]]}


# --- sending ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What to do after a request.

    acked    the platform has the batch
    later    the same lines again, after a wait
    smaller  the batch was too big
    poison   the platform cannot read the batch as it stands
    refused  an admin must do something; try again now and then
    """

    verdict: str
    detail: str
    wait: float = 0.0
    status: int = 0
    reply: Mapping[str, Any] = field(default_factory=dict)


ADVICE = {
    401: "the platform does not know this token: check the token file, or have its admin make a new one",
    403: "the token has been revoked or may not send: ask the platform's admin for a new one",
    404: "there is no ingest at this address: check --url",
}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body, and be answered 200."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none; the 3xx then comes up as an error."""


def make_opener(settings: Settings) -> urllib.request.OpenerDirector:
    """What sends requests: it trusts whom the settings say, and follows no redirect."""
    context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    return urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))


class Sender:
    """One request at a time, and what came of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.opener = make_opener(settings)

    def send(self, lines: list[bytes]) -> Answer:
        """Post a batch. Never raises: whatever went wrong is an answer, too."""
        body = gzip.compress(b"\n".join(lines) + b"\n", 6)
        try:
            headers = {
                "Authorization": "Bearer " + self.settings.read_token(),
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "gzip",
                "User-Agent": "afteraction-relay/1",
            }
        except SettingsError as error:
            return Answer("refused", str(error), REFUSED_WAIT)
        endpoint = self.settings.endpoint
        # the scheme was checked when the settings were
        request = urllib.request.Request(endpoint, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            with self.opener.open(request, timeout=self.settings.timeout) as response:
                return accepted(response.status, response.read(1 << 22))
        except urllib.error.HTTPError as error:
            with error:
                return declined(error.code, error.headers.get("Retry-After"), first_words(error))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            return Answer("later", f"no answer from {self.settings.url}: {reason or type(error).__name__}")


def accepted(status: int, body: bytes) -> Answer:
    """Only the platform's own JSON is an acknowledgement; a login page of some proxy is not."""
    try:
        reply = json.loads(body)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or reply.get("status") != "accepted":
        text = f"{status}, but not in After Action's words: is --url right, is a proxy between?"
        return Answer("later", text, status=status)
    return Answer("acked", "", status=status, reply=reply)


def declined(status: int, retry_after: str | None, words: str) -> Answer:
    """What an error status asks for."""
    detail = f"{status} {words}".strip()
    if status in (400, 422):
        return Answer("poison", detail, status=status)
    if status == 413:
        return Answer("smaller", detail, status=status)
    if status in (408, 425, 429) or status >= 500:
        return Answer("later", detail, seconds_of(retry_after), status)
    advice = ADVICE.get(status, "check --url")
    return Answer("refused", f"{detail}: {advice}", max(REFUSED_WAIT, seconds_of(retry_after)), status)


def first_words(response: IO[bytes]) -> str:
    """A line of an error's body for the log, be it problem+json or anything else."""
    try:
        text = response.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return ""
    with contextlib.suppress(ValueError):
        problem = json.loads(text)
        if isinstance(problem, dict):
            text = str(problem.get("detail") or problem.get("title") or problem.get("reason") or text)
    return " ".join(printable(text).split())[:200]


def printable(text: str) -> str:
    """Keep others' control characters out of the admin's terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def seconds_of(retry_after: str | None) -> float:
    """Retry-After comes as seconds or as a date."""
    if not retry_after:
        return 0.0
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (TypeError, ValueError):
            return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT)


# --- players' questions -----------------------------------------------------------------------------------


class Desk(threading.Thread):
    """Brings players' questions to the platform and the answers back, beside the sending of lines."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        super().__init__(name="desk", daemon=True)
        self.settings = settings
        self.stop = stop
        self.opener = make_opener(settings)
        self.pool = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="ask")
        self.trouble = ""

    def run(self) -> None:
        """Look for questions until stopped, and less often while there is trouble with the folder."""
        pause = ASK_POLL
        while not self.stop.is_set():
            self.look()
            pause = min(ASK_LONGEST_PAUSE, pause * 2) if self.trouble else ASK_POLL
            self.stop.wait(pause)

    def look(self) -> list[concurrent.futures.Future[None]]:
        """Take every question that is there, and begin to answer it; one in trouble is no other's trouble."""
        begun: list[concurrent.futures.Future[None]] = []
        trouble = ""
        try:
            paths = sorted(self.settings.spool.iterdir())
        except OSError as error:
            paths, trouble = [], f"{error.strerror or error}"
        for path in paths:
            try:
                begun += self.look_at(path)
            except Exception as error:
                trouble = f"{path.name}: {getattr(error, 'strerror', None) or error or type(error).__name__}"
        if trouble and not self.trouble:
            log.warning("players' questions: %s (said once, until it is mended)", printable(trouble))
        self.trouble = trouble
        return begun

    def look_at(self, path: Path) -> list[concurrent.futures.Future[None]]:
        """Begin to answer a question; clear away an answer that was read long ago."""
        asked = ASK_FILE.fullmatch(path.name)
        if asked:
            question = self.take(path)
            return [] if question is None else [self.pool.submit(self.answer, asked["id"], question)]
        if path.name.startswith("answer-") and age_of(path) > ANSWER_KEPT:
            path.unlink()
        return []

    def take(self, path: Path) -> dict[str, Any] | None:
        """Read a question and delete it: there may be a code in it. One half written waits."""
        try:
            data = path.read_bytes()
            stale = age_of(path) > ASK_STALE
            if not data.endswith(b"\n") and not stale:
                return None
            path.unlink()
        except FileNotFoundError:
            return None
        if stale:
            log.warning("a player's question was too old to be answered")
            return None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        try:
            question = json.loads(text)
        except ValueError:
            question = None
        if not isinstance(question, dict) or question.get("ask") not in ASK_PATHS:
            log.warning("a player's question cannot be read; are tracker and relay of one version?")
            return None
        return question

    def answer(self, number: str, question: Mapping[str, Any]) -> None:
        """Ask the platform and write what it says where the tracker looks for it."""
        asked = str(question["ask"])
        outcome, words = self.ask(asked, question)
        log.info("%s: %s", asked, outcome)
        target = self.settings.spool / f"answer-{number}.txt"
        temporary = target.with_name(target.name + ".new")
        try:
            temporary.write_bytes(words_for_game(words) or b"-")
            os.replace(temporary, target)
        except OSError as error:
            log.error("cannot answer a player: %s: %s", target, error.strerror or error)

    def ask(self, asked: str, question: Mapping[str, Any]) -> tuple[str, str]:
        """The platform's answer: one word for the log, and the words for the player."""
        body = json.dumps({name: str(question.get(name, ""))[:128] for name in ASK_MEMBERS[asked]}).encode()
        try:
            headers = {
                "Authorization": "Bearer " + self.settings.read_token(),
                "Content-Type": "application/json",
                "User-Agent": "afteraction-relay/1",
            }
        except SettingsError as error:
            return str(error), NO_ANSWER
        url = self.settings.url.rstrip("/") + ASK_PATHS[asked]
        # the scheme was checked when the settings were
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            with self.opener.open(request, timeout=ASK_TIMEOUT) as response:
                reply = json.loads(response.read(1 << 16))
            outcome = str(reply["outcome"])
            lines = reply["lines"] if asked == "command" else [reply["message"]]
            words = "\n".join(printable(str(line)) for line in lines)
        except urllib.error.HTTPError as error:
            # not the error's own words: they may repeat what was sent
            with error:
                return str(error.code), NO_ANSWER
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            return f"no answer from {self.settings.url}: {reason or type(error).__name__}", NO_ANSWER
        except (ValueError, TypeError, KeyError):
            return "not After Action's words: is --url right?", NO_ANSWER
        # a player who never logged in is not told so on each connecting
        return printable(outcome), "" if (asked, outcome) == ("resume", "none") else words


def age_of(path: Path) -> float:
    """Seconds since a file was written."""
    return time.time() - path.stat().st_mtime


def words_for_game(words: str) -> bytes:
    """Lines that the engine's print command can hold: no quotes, no %, none but the engine's characters."""
    lines = [printable(line).translate(HARMLESS).strip()[:200] for line in words.split("\n")[:ANSWER_LINES]]
    return "\n".join(line for line in lines if line).encode("latin-1", "replace")


# --- the relay --------------------------------------------------------------------------------------------


class Relay:
    """The loop: look, read, send, and only then move on."""

    def __init__(self, settings: Settings, stop: threading.Event, once: bool = False) -> None:
        self.settings = settings
        self.stop = stop
        self.once = once
        self.sender = Sender(settings)
        self.state = State.load(settings.state)
        self.max_lines = settings.batch_events
        self.failures = 0
        self.set_aside_in_a_row = 0
        self.set_aside_now = 0
        self.unsaved = False
        self.waiting_since: dict[str, float] = {}

    def run(self) -> bool:
        """Follow the spool until stopped; or, with once, until nothing is left. True if all was taken."""
        while not self.stop.is_set():
            done = self.step()
            if done == "sent":
                continue
            if done == "failed":
                if self.once and self.failures >= self.settings.tries:
                    log.error("giving up after %d tries", self.failures)
                    return False
                continue
            self.failures = 0
            if self.once:
                return self.set_aside_now == 0
            self.stop.wait(self.settings.poll)
        return not self.once

    def step(self) -> str:
        """Send one batch from the oldest file that has one: "sent", "failed" (and waited), or "idle"."""
        before = self.failures
        path = self.settings.spool
        try:
            if self.unsaved:
                self.save()
            files = spool_files(self.settings.spool)
            rotated = rotated_away(files)
            self.forget_missing(files)
            for path in files:
                with contextlib.suppress(FileNotFoundError):
                    if self.step_file(path, path.name in rotated):
                        return "sent"
                if self.failures > before:
                    return "failed"
        except OSError as error:
            self.fail(Answer("later", f"{path.name}: {error.strerror or error}"))
            return "failed"
        return "idle"

    def save(self) -> None:
        """Put the places on disk. Where that fails, the next step begins with it."""
        self.unsaved = True
        self.state.save(self.settings.state)
        self.unsaved = False

    def step_file(self, path: Path, rotated: bool) -> bool:
        """The same for one file; clear it away once it is finished with."""
        place = self.state.files.setdefault(path.name, Place())
        settings = self.settings
        with path.open("rb") as stream:
            if not still_the_same(stream, place):
                log.warning("%s was replaced or cut: sending it again from its beginning", path.name)
                self.state.files[path.name] = place = Place()
            batch = read_batch(stream, place.offset, self.max_lines, settings.batch_bytes, settings.max_line)
            if batch.length:
                # Taken now: by the time of the answer, the file may be another one.
                batch = replace(batch, mark=mark_of(stream, place.offset + batch.length))
                if not still_the_same(stream, place):
                    return False
                if not (batch.full or rotated or self.once) and self.lingers(path.name):
                    return False
                self.waiting_since.pop(path.name, None)
                return self.deliver(path, stream, place, batch)
            self.waiting_since.pop(path.name, None)
            finished = self.is_finished(os.fstat(stream.fileno()), place, rotated)
        if finished and not settings.keep and TRACKER_FILE.fullmatch(path.name):
            self.delete(path)
        return False

    def lingers(self, name: str) -> bool:
        """Should a part-filled batch still wait for company?"""
        since = self.waiting_since.setdefault(name, time.monotonic())
        return time.monotonic() - since < self.settings.linger

    def is_finished(self, stat: os.stat_result, place: Place, rotated: bool) -> bool:
        """Acknowledged to its last byte, and the tracker will not write to it again?"""
        idle = time.time() - stat.st_mtime > self.settings.idle_hours * 3600
        return 0 < stat.st_size == place.offset and (rotated or idle)

    def delete(self, path: Path) -> None:
        """Remove a finished file and its place."""
        path.unlink()
        del self.state.files[path.name]
        self.save()
        log.info("%s: all acknowledged, deleted", path.name)

    def deliver(self, path: Path, stream: IO[bytes], place: Place, batch: Batch) -> bool:
        """Send a batch and do what the answer asks for. True if there is more to do right away."""
        if batch.overlong:
            reason = f"longer than {self.settings.max_line} bytes"
            return self.put_aside(path, stream, place, batch, reason)
        if not batch.lines:
            self.move_on(stream, place, batch)
            return True
        answer = self.sender.send(batch.lines)
        if answer.verdict == "acked":
            self.acknowledge(path, stream, place, batch, answer)
            return True
        if answer.verdict in ("poison", "smaller"):
            if len(batch.lines) > 1:
                self.max_lines = max(1, len(batch.lines) // 2)
                log.info("%s: %s; trying %d lines at a time", path.name, answer.detail, self.max_lines)
                return True
            if self.set_aside_in_a_row < MOST_SET_ASIDE_IN_A_ROW:
                return self.put_aside(path, stream, place, batch, answer.detail)
            text = f"{self.set_aside_in_a_row} lines in a row were not taken; is --url right? {answer.detail}"
            answer = Answer("refused", text, REFUSED_WAIT, answer.status)
        self.fail(answer)
        return False

    def acknowledge(self, path: Path, stream: IO[bytes], place: Place, batch: Batch, answer: Answer) -> None:
        """The platform has the batch: report what it quarantined, then move on."""
        rejected = answer.reply.get("rejected")
        rejected = rejected if isinstance(rejected, list) else []
        for item in rejected:
            item = item if isinstance(item, dict) else {}
            index = item.get("index")
            where = place.lines + index + 1 if isinstance(index, int) else "?"
            log.error(
                "%s line %s: quarantined by the platform: %s: %s (index %s of the batch)",
                path.name, where, item.get("code"), printable(str(item.get("reason"))), index,
            )  # fmt: skip
        processed = answer.reply.get("processed")
        if isinstance(processed, int) and processed != len(batch.lines):
            log.warning("%s: sent %d lines, the platform says %d", path.name, len(batch.lines), processed)
        place.rejected += len(rejected)
        self.state.rejected_total += len(rejected)
        self.state.last_ack = place.last_ack = time.time()
        self.state.last_error = self.state.last_error_at = None
        self.failures = self.set_aside_in_a_row = 0
        self.max_lines = min(self.settings.batch_events, self.max_lines * 2)
        self.move_on(stream, place, batch, lines=len(batch.lines))
        log.info(
            "%s: %d acknowledged, %s of them repeats, %d quarantined; at byte %d",
            path.name, len(batch.lines), answer.reply.get("duplicates", 0), len(rejected), place.offset,
        )  # fmt: skip

    def move_on(self, stream: IO[bytes], place: Place, batch: Batch, lines: int = 0) -> None:
        """The only place where the place moves; called when the lines before it are safe elsewhere."""
        place.offset += batch.length
        place.lines += lines
        self.state.lines_total += lines
        place.inode = os.fstat(stream.fileno()).st_ino
        place.mark = batch.mark
        self.save()

    def put_aside(self, path: Path, stream: IO[bytes], place: Place, batch: Batch, reason: str) -> bool:
        """Keep a line that cannot be sent in a file beside the spool, durably, before moving past it."""
        target = path.with_name(path.name + ".rejected")
        with target.open("ab") as out:
            note = {"file": path.name, "offset": place.offset, "reason": reason, "at": round(time.time(), 3)}
            out.write(json.dumps(note).encode()[:-1] + b', "base64": "')
            stream.seek(place.offset)
            left = batch.length - 1
            while left > 0:
                # a multiple of three, so that the pieces' base64 joins
                chunk = stream.read(min(left, 3 << 14))
                if not chunk:
                    break
                out.write(base64.b64encode(chunk))
                left -= len(chunk)
            out.write(b'"}\n')
            out.flush()
            os.fsync(out.fileno())
        sync_folder(target.parent)
        where = f"{path.name}, byte {place.offset}"
        log.error("%s: a line was put aside in %s: %s", where, target.name, reason)
        place.set_aside += 1
        self.state.set_aside_total += 1
        self.set_aside_in_a_row += 1
        self.set_aside_now += 1
        self.move_on(stream, place, batch)
        return True

    def fail(self, answer: Answer) -> None:
        """Say why, remember it for --status, and wait."""
        self.failures += 1
        backoff = min(LONGEST_WAIT, self.settings.backoff * 2 ** min(self.failures - 1, 20))
        wait = max(answer.wait, backoff) * random.uniform(1.0, 1.5)  # noqa: S311
        level = logging.ERROR if answer.verdict == "refused" else logging.WARNING
        log.log(level, "%s; trying again in %.1f s", answer.detail, wait)
        self.state.last_error, self.state.last_error_at = answer.detail, time.time()
        with contextlib.suppress(OSError):
            self.save()
        if not (self.once and self.failures >= self.settings.tries):
            self.stop.wait(wait)

    def forget_missing(self, files: list[Path]) -> None:
        """Places in files that somebody removed; one of the same name later begins at its beginning."""
        for name in set(self.state.files) - {path.name for path in files}:
            log.warning("%s is gone", name)
            del self.state.files[name]
            self.waiting_since.pop(name, None)


# --- status -----------------------------------------------------------------------------------------------


def status_of(settings: Settings) -> dict[str, Any]:
    """What --status shows, from the state on disk; works while a relay is running and while none is."""
    state = State.load(settings.state)
    files = spool_files(settings.spool)
    return {
        "running": relay_runs(settings),
        "spool": str(settings.spool),
        "files": [file_status(path, state.files.get(path.name, Place())) for path in files],
        "lines_sent": state.lines_total,
        "rejected": state.rejected_total,
        "set_aside": state.set_aside_total,
        "last_ack": state.last_ack,
        "last_error": state.last_error,
        "last_error_at": state.last_error_at,
    }


def file_status(path: Path, place: Place) -> dict[str, Any]:
    """One file: how much of it the platform has, and how much waits."""
    with path.open("rb") as stream:
        if not still_the_same(stream, place):
            place = Place()
        size = os.fstat(stream.fileno()).st_size
        stream.seek(place.offset)
        waiting = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 16), b""))
    return {
        "file": path.name,
        "bytes": size,
        "bytes_sent": place.offset,
        "lines_sent": place.lines,
        "bytes_waiting": size - place.offset,
        "lines_waiting": waiting,
        "rejected": place.rejected,
        "set_aside": place.set_aside,
        "last_ack": place.last_ack,
    }


def relay_runs(settings: Settings) -> bool:
    """Does somebody hold the lock?"""
    try:
        with lock_path(settings).open("rb") as stream:
            return not lock(stream)
    except FileNotFoundError:
        return False


def print_status(status: Mapping[str, Any]) -> None:
    """The same for people."""
    print(f"relay is {'running' if status['running'] else 'not running'} on {status['spool']}")
    print(f"lines acknowledged: {status['lines_sent']}, last at {clock_text(status['last_ack'])}")
    if status["last_error"]:
        print(f"last error: {status['last_error']} (at {clock_text(status['last_error_at'])})")
    if status["rejected"]:
        print(f"quarantined by the platform: {status['rejected']}; its admin sees them with the reason")
    if status["set_aside"]:
        print(f"put aside unsent: {status['set_aside']}; see the .rejected files in the spool")
    for row in status["files"]:
        share = 100.0 * row["bytes_sent"] / row["bytes"] if row["bytes"] else 100.0
        print(
            f"  {row['file']}: {share:.0f} % sent ({row['lines_sent']} lines),"
            f" {row['lines_waiting']} lines waiting, last acknowledged {clock_text(row['last_ack'])}"
        )
    if not status["files"]:
        print("  no spool files: everything sent and deleted, or the tracker has not run yet")


def clock_text(at: float | None) -> str:
    """Local time, for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else "never"


# --- command line -----------------------------------------------------------------------------------------


def make_parser() -> argparse.ArgumentParser:
    """The flags. They are strings until the settings are read, as all the other sources are."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: relay.conf beside this program")
    for name, (_, text) in FLAGS.items():
        parser.add_argument("--" + name.replace("_", "-"), metavar=name.rpartition("_")[2].upper(), help=text)
    parser.add_argument("--keep", action="store_true", help="never delete a spool file")
    parser.add_argument("--once", action="store_true", help="send what is there, then stop")
    parser.add_argument("--status", action="store_true", help="say how far it is, then stop")
    parser.add_argument("--json", action="store_true", help="with --status: as JSON")
    parser.add_argument("--quiet", action="store_true", help="log only warnings and errors")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run, and turn what went wrong into words and an exit status."""
    arguments = make_parser().parse_args(argv)
    logging.basicConfig(
        level=logging.WARNING if arguments.quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    try:
        settings = read_settings(arguments, os.environ)
        if arguments.status:
            status = status_of(settings)
            if arguments.json:
                print(json.dumps(status, indent=1))
            else:
                print_status(status)
            return 0
        check_for_sending(settings)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with sole_relay(lock_path(settings)):
            log.info("relaying %s to %s", settings.spool, settings.url)
            desk = Desk(settings, stop)
            if arguments.once:
                concurrent.futures.wait(desk.look())
            else:
                desk.start()
            return 0 if Relay(settings, stop, arguments.once).run() else 1
    except SpoolInUseError as error:
        log.error("%s", error)
        return 3
    except RelayError as error:
        log.error("%s", error)
        return 2


if __name__ == "__main__":
    sys.exit(main())
