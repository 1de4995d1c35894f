"""A ClickHouse server in a scratch folder, reached over TCP: Debian's, which is old but real.

It cannot run our schema (18.16 knows neither DateTime64 nor bound parameters). What the adapter itself
promises can be held against it.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

USER, PASSWORD = "afteraction", "it's a/p@ss:word"
_CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <tcp_port>{port}</tcp_port>{tls}
  <listen_host>127.0.0.1</listen_host>{ipv6}
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/files/</user_files_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>1000000</mark_cache_size>
  <max_concurrent_queries>12</max_concurrent_queries>
  <timezone>Asia/Tokyo</timezone>
</yandex>
"""
_TLS = """
  <tcp_port_secure>{port}</tcp_port_secure>
  <openSSL><server>
    <certificateFile>{folder}/server.crt</certificateFile>
    <privateKeyFile>{folder}/server.key</privateKeyFile>
    <verificationMode>none</verificationMode>
  </server></openSSL>"""
_USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><queue_max_wait_ms>100</queue_max_wait_ms></default></profiles>
  <users><{user}>
    <password>{password}</password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
  </{user}></users>
  <quotas><default></default></quotas>
</yandex>
"""


class OldServer:
    """A server that can be frozen, killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._binary = _binary()
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        certified = _certify(folder)
        self.ca_certs = folder / "server.crt" if certified else None
        (folder / "config.xml").write_text(
            _CONFIG.format(
                port=self.port,
                folder=folder,
                ipv6="<listen_host>::1</listen_host>" if has_ipv6() else "",
                tls=_TLS.format(port=self.tls_port, folder=folder) if certified else "",
            )
        )
        (folder / "users.xml").write_text(_USERS.format(user=USER, password=PASSWORD))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, seconds: float = 60) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, f"--config-file={self.folder / 'config.xml'}"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self.folder / "server.log").read_text()[-3000:]
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "server.log").read_text()[-3000:])

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Make it hold still, its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def has_ipv6() -> bool:
    """Whether this machine can listen on ::1."""
    try:
        with socket.socket(socket.AF_INET6) as taken:
            taken.bind(("::1", 0))
    except OSError:
        return False
    return True


def _binary() -> str:
    found = shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = "no clickhouse-server here (Debian 12: apt install clickhouse-server)"
        # CI installs it: there, a test that is skipped is a test that is missing.
        if os.environ.get("CI_INSTALLED_CLICKHOUSE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _certify(folder: Path) -> bool:
    """Make a certificate for 127.0.0.1, where openssl is."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return False
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run(
        [*made, "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True, timeout=60
    )
    return True
