"""A MariaDB server in a scratch folder, and in it those tables of an SMF forum that are read here."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import pymysql
import pytest
from pymysql.cursors import DictCursor

from smf_bridge import address, schema
from smf_bridge.address import Address
from tests.clickhouse_server import free_port

# What SMF 2.1 makes of a member and of a group: the columns that are read, and some that nobody may read.
_TABLES = """
CREATE TABLE {prefix}members (
    id_member MEDIUMINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_name VARCHAR(80) NOT NULL DEFAULT '',
    real_name VARCHAR(255) NOT NULL DEFAULT '',
    id_group SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    additional_groups VARCHAR(255) NOT NULL DEFAULT '',
    id_post_group SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    lngfile VARCHAR(255) NOT NULL DEFAULT '',
    is_activated TINYINT UNSIGNED NOT NULL DEFAULT 1,
    passwd VARCHAR(64) NOT NULL DEFAULT '',
    email_address VARCHAR(255) NOT NULL DEFAULT ''
) ENGINE = {engine} DEFAULT CHARSET = utf8mb4;
CREATE TABLE {prefix}membergroups (
    id_group SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    group_name VARCHAR(80) NOT NULL DEFAULT '',
    online_color VARCHAR(20) NOT NULL DEFAULT '',
    min_posts MEDIUMINT NOT NULL DEFAULT -1,
    group_type TINYINT NOT NULL DEFAULT 0
) ENGINE = {engine} DEFAULT CHARSET = utf8mb4;
"""
_ROWS = """
INSERT INTO {prefix}membergroups (id_group, group_name, min_posts, group_type)
VALUES (1, 'Administrator', -1, 1), (2, 'Global Moderator', -1, 0), (4, 'Newbie', 0, 0);
INSERT INTO {prefix}members (id_member, member_name, real_name, id_group, id_post_group, passwd)
VALUES
    (1, 'admin', 'Admin', 1, 4, 'a secret'),
    (7, 'ann', 'Ann &quot;Ä&quot; 🎖', 0, 4, 'a secret'),
    (8, 'bob', 'Bob', 0, 4, '')
"""
# What a migration put there.
_KEPT = ("mohaa_schema", "mohaa_alert_numbers")
# What is killed here is the server, never the machine: nothing needs to be on the disk.
_SMALL = (
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--sync-frm=OFF",
    "--innodb-buffer-pool-size=24M",
    "--innodb-log-file-size=8M",
    "--innodb-temp-data-file-path=ibtmp1:1M:autoextend",
)


class MariaDB:
    """A server that can be stopped, killed, frozen and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        """Whoever the server runs as must be able to come to the folder."""
        self._binary = _binary("mariadbd")
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._install()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, seconds: float = 60) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._binary,
                    "--no-defaults",
                    f"--datadir={self.folder / 'data'}",
                    f"--socket={self._socket}",
                    f"--pid-file={self.folder / 'server.pid'}",
                    f"--port={self.port}",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                    *_SMALL,
                    "--max-connections=40",
                    *_as_user(),
                ],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._log()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                self.connect().close()
                return
            except (OSError, pymysql.err.OperationalError):
                time.sleep(0.05)
        raise AssertionError(self._log())

    def stop(self) -> None:
        """Stop in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill -9."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Make it hold still, its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def connect(self, database: str | None = None) -> "pymysql.Connection[DictCursor]":
        """Connect as root, through the socket."""
        return pymysql.connect(
            user="root",
            unix_socket=str(self._socket),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,
            cursorclass=DictCursor,
        )

    def run(self, sql: str, database: str | None = None, *parameters: object) -> list[dict[str, Any]]:
        """Run one statement as root and return its rows."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(60)

    def _install(self) -> None:
        (self.folder / "data").mkdir()
        user = _user()
        if user is not None:
            for folder in (self.folder, self.folder / "data"):
                shutil.chown(folder, user)
        subprocess.run(
            [
                _binary("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                *_SMALL,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *_as_user(),
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=120,
        )

    @property
    def _socket(self) -> Path:
        return self.folder / "s"

    def _log(self) -> str:
        return (self.folder / "server.log").read_text()[-3000:]


class ForumDatabase:
    """One forum's database, and the user that the bridge is."""

    def __init__(self, server: MariaDB, prefix: str = "smf_", engine: str = "InnoDB") -> None:
        self.server = server
        self.prefix = prefix
        self.name = f"forum_{uuid4().hex[:12]}"
        self.user, self.password = f"bridge_{uuid4().hex[:12]}", "it's a/p@ss:w%rd"
        server.run(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4")
        server.run(f"CREATE USER '{self.user}'@'127.0.0.1' IDENTIFIED BY %s", None, self.password)
        for statement in (_TABLES + _ROWS).format(prefix=prefix, engine=engine).split(";\n"):
            self.run(statement)
        self._made: list[str] = []

    @property
    def url(self) -> str:
        """What AFTERACTION_FORUM_URL is to be."""
        who = f"{self.user}:{quote(self.password, safe='')}"
        return f"mysql://{who}@127.0.0.1:{self.server.port}/{self.name}?prefix={self.prefix}"

    def run(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Run one statement as root."""
        return self.server.run(sql, self.name, *parameters)

    @property
    def address(self) -> Address:
        """The same, taken apart."""
        return address.parse(self.url)

    def grant(self) -> None:
        """Grant the bridge's user what it needs, and no more."""
        for statement in schema.grants(self.address, f"'{self.user}'@'127.0.0.1'"):
            self.run(statement)

    def migrate(self) -> None:
        """Make the bridge's tables, as the bridge's user."""
        schema.migrate(self.address)

    def keep(self) -> None:
        """Remember how it is made, so that `empty` can tell whether it still is."""
        with self.server.connect(self.name) as connection, connection.cursor() as cursor:
            self._made = self._how_made(cursor)

    def empty(self) -> bool:
        """Bring every table back to what it held at first; tell whether all else is as it was kept.

        Its user, their rights, and what tables are made of may have been changed by a test: then it is of no
        more use.
        """
        try:
            with self.server.connect(self.name) as connection, connection.cursor() as cursor:
                if self._how_made(cursor) != self._made:
                    return False
                # A transaction that somebody left open must not hold everybody.
                cursor.execute("SET SESSION lock_wait_timeout = 3, foreign_key_checks = 0")
                cursor.execute("SHOW TABLE STATUS")
                used = {str(row["Name"]): (row["Auto_increment"] or 1) > 1 for row in cursor.fetchall()}
                for table in used.keys() - {f"{self.prefix}{name}" for name in _KEPT}:
                    cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
                    if used[table] or cursor.fetchall():
                        cursor.execute(f"TRUNCATE TABLE {table}")
                cursor.execute(f"UPDATE {self.prefix}mohaa_alert_numbers SET last = 0")
                for statement in _ROWS.format(prefix=self.prefix).split(";\n"):
                    cursor.execute(statement)
                return True
        except pymysql.err.MySQLError:
            return False

    def _how_made(self, cursor: DictCursor) -> list[str]:
        found = []
        for question in (
            f"SHOW CREATE USER '{self.user}'@'127.0.0.1'",
            f"SHOW GRANTS FOR '{self.user}'@'127.0.0.1'",
            "SELECT table_name, engine, column_name, column_type, collation_name "
            "FROM information_schema.columns "
            "INNER JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
            "SELECT table_name, index_name, column_name FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
            f"SELECT * FROM {self.prefix}mohaa_schema",
            "SHOW TRIGGERS",
        ):
            cursor.execute(question)
            found.append(repr(cursor.fetchall()))
        return found

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of one of the bridge's tables, named without the prefix."""
        return self.run(f"SELECT * FROM {self.prefix}mohaa_{table}")


def _user() -> str | None:
    """Return as whom a server runs that root starts: never as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql").pw_name
    except KeyError:
        return "nobody"


def _as_user() -> list[str]:
    user = _user()
    return [f"--user={user}"] if user else []


def _binary(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = f"no {name} here (Debian: apt install mariadb-server)"
        # CI installs it: there, a test that is skipped is a test that is missing.
        if os.environ.get("CI_INSTALLED_MARIADB"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
