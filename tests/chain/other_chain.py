"""A second local chain for a test, on its own or branching off from another one."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from settings.local import node
from tests.chain.local_chain import LocalChain


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def other_chain(*, chain_id: int = 31337, fork: str | None = None, port: int = 0) -> Iterator[LocalChain]:
    """anvil with that chain id; with `fork` it shares all blocks up to now with the chain at that address."""
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="guildhall-chain-", ignore_cleanup_errors=True) as folder:
        command = [node.binary(), "--quiet", "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)]
        command += ["--slots-in-an-epoch", "1", "--cache-path", folder, *(["--fork-url", fork] if fork else [])]
        process = subprocess.Popen(command, env={"HOME": folder})
        try:
            yield _awake(LocalChain(node.url(port)))
        finally:
            process.terminate()
            process.wait(10)


def _awake(chain: LocalChain) -> LocalChain:
    until = time.monotonic() + 20
    while True:
        try:
            chain.automine()
            return chain
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
