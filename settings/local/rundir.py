"""The run directory: what the local stack keeps between starts, readable by its owner only."""

import base64
import fcntl
import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any

from settings.local.failure import CannotStart

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / ".run"
DATA = ("postgres", "valkey", "anvil", "logs", "beat", "mail", "exports", "secrets.json", "ports.json", "prepared")


class RunDir:
    """One run directory (0700) with its secrets, ports, logs and lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        except OSError as error:
            raise CannotStart(
                f"{path} cannot be written ({error.strerror}): make room or give yourself the right to."
            ) from error
        self._lock: int | None = None
        self._chosen: set[int] = set()

    def folder(self, name: str) -> Path:
        """A private folder inside."""
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        """Where the process of this name writes."""
        return self.folder("logs") / f"{name}.log"

    def lock(self) -> bool:
        """Hold this directory until the process ends; False if another instance does."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def unlock(self) -> None:
        """Let another instance have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of ours; empty if it is missing or was cut short."""
        try:
            found = json.loads((self.path / name).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, value: dict[str, Any]) -> None:
        """Replace a JSON file (0600) in one step."""
        temporary = self.path / f"{name}.new"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(value, file, indent=1, sort_keys=True)
        temporary.replace(self.path / name)

    def secrets(self) -> dict[str, str]:
        """The secrets of this directory, made at the first call."""
        known = self.read("secrets.json")
        if not known:
            known = {
                name: secrets.token_urlsafe(32)
                for name in ("superuser", "owner", "app", "valkey", "secret_key", "tools")
            }
            known["sealing_key"] = base64.b64encode(secrets.token_bytes(32)).decode()
            self.write("secrets.json", known)
        return known

    def port(self, name: str, preferred: int = 0) -> int:
        """A free port: the one used last time, else the preferred one or one near it, else any."""
        known = self.read("ports.json")
        remembered = [known[name]] if name in known else []
        near = range(preferred, preferred + 20) if preferred else ()
        for port in (*remembered, *near, 0):
            if free := self._free(port):
                self.write("ports.json", known | {name: free})
                return free
        raise CannotStart("No port on 127.0.0.1 can be bound: allow this user to listen on the loopback address.")

    def _free(self, port: int) -> int | None:
        if port in self._chosen:
            return None
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return None
            found: int = probe.getsockname()[1]
        self._chosen.add(found)
        return found
