"""A page server under measurement, and how its pages are fetched."""

import http.client
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Server:
    """granian with one worker and one blocking thread, as bin/up starts it."""

    def __init__(
        self,
        application: str,
        env: dict[str, str],
        *,
        python: str = sys.executable,
        folder: Path | None = None,
        port: int = 0,
    ) -> None:
        self.port = port or free_port()
        command = [python, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "1", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning", application]
        self.process = subprocess.Popen(command, env=env, cwd=folder)
        self.pid = self.process.pid

    def __enter__(self) -> "Server":
        for _ in range(600):
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=5).connect()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("The server did not start.")

    def __exit__(self, *problem: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def get(self, *paths: str, headers: dict[str, str] | None = None) -> Callable[[], None]:
        """A function that fetches the next of the paths, over one connection that is kept."""
        connection, next_path = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60), itertools.cycle(paths)

        def fetch() -> None:
            path = next(next_path)
            try:
                connection.request("GET", path, headers=headers or {})
                answer = connection.getresponse()
            except ConnectionError:  # it was idle for so long that the server has closed it
                connection.close()
                connection.request("GET", path, headers=headers or {})
                answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")

        return fetch

    def text(self, path: str, headers: dict[str, str] | None = None) -> str:
        """One page, to see what it says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse().read().decode()


def all_of(shape: str, numbers: Sequence[int]) -> list[str]:
    """One path for each number."""
    return [shape % number for number in numbers]


def free_port() -> int:
    """One that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
