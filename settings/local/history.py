"""The local chain's history survives any end of its process, block hash by block hash.

anvil writes its state in place: when it is asked to end, or every so often, which costs more with every block. So every
block is also noted in a journal within a quarter of a second: its time and its signed transactions. Everything else in
a block follows from those and its parent, so replaying the journal on the last saved state gives the same hashes, which
is checked. What the journal missed is at most the last unfinal block or two: to the market an ordinary, shallow
reorganization.
"""

import gzip
import json
import mmap
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from typing import Any

from settings.local import node, rpc
from settings.local.failure import CannotStart
from settings.local.rundir import RunDir
from settings.local.supervisor import HERE

POLL = 0.25
BETWEEN_SNAPSHOTS = 2_000
BATCH = 100
COMPLETE = b'"historical_states":null}'
HEAD = re.compile(rb'"best_block_number":(\d+)')
NEVER = str(365 * 24 * 3600)  # left to itself the node writes its state every minute


class History:
    """The saved state and the journal of one run directory's chain."""

    def __init__(self, run: RunDir, port: int) -> None:
        self.url = node.url(port)
        self.port = port
        folder = run.folder("anvil")
        self.state, self.leaving, self.journal = (folder / name for name in ("state.json", "leaving.json", "journal"))
        self.arguments = ["--load-state", str(self.state), "--dump-state", str(self.leaving)]
        self.arguments += ["--state-interval", NEVER]
        self.cache = folder / "cache"
        self._last: tuple[int, str] | None = None
        self._noted = 0
        self._next_poll = 0.0

    def restore(self) -> None:
        """Make the saved state include everything known; call it before every start of the node."""
        self._last = None
        if self._is_complete(self.leaving):
            self.leaving.replace(self.state)
        saved = self._saved_head()
        lines = [line for line in self._read_journal() if line[0] > saved]
        if not lines and self.state.exists():
            self.journal.unlink(missing_ok=True)
            return
        self.leaving.unlink(missing_ok=True)
        try:
            with self._quiet_node():
                self._replay(lines)
        except (OSError, ValueError) as error:
            raise CannotStart(f"The local chain cannot be brought back ({error}): run bin/up --reset.") from error
        if not self._is_complete(self.leaving):
            raise CannotStart("The local chain could not save its state: make room on the disk, or run bin/up --reset.")
        self.leaving.replace(self.state)
        self.journal.unlink(missing_ok=True)

    def follow(self) -> None:
        """Note new blocks; called at every tick, works four times a second, and waits for a node that is away."""
        if time.monotonic() < self._next_poll:
            return
        self._next_poll = time.monotonic() + POLL
        try:
            if self._last is None:
                self._begin()
            self._note_new_blocks()
        except (OSError, ValueError, KeyError, TypeError):
            return  # the node is down or starting; its health is somebody else's question

    def _begin(self) -> None:
        """Carry the chain's clock on: a loaded node forgets that it had been moved ahead."""
        head = rpc.call(self.url, "eth_getBlockByNumber", "latest", False, timeout=1)
        ahead = int(head["timestamp"], 16) - int(time.time())
        if ahead > 0:
            rpc.call(self.url, "evm_increaseTime", ahead, timeout=1)
        self._last = (int(head["number"], 16), head["hash"])

    def _note_new_blocks(self) -> None:
        assert self._last is not None
        head = int(rpc.call(self.url, "eth_blockNumber", timeout=1), 16)
        number, parent = self._last
        if head < number:
            self._snapshot()
        for first in range(number + 1, head + 1, BATCH):
            span = range(first, min(first + BATCH, head + 1))
            blocks = rpc.batch(self.url, [("eth_getBlockByNumber", (hex(one), False)) for one in span])
            if blocks[0]["parentHash"] != parent:
                self._snapshot()  # history was rewritten on purpose: the journal no longer leads here
                return
            with self.journal.open("a") as file:
                for block in blocks:
                    raw = rpc.batch(
                        self.url, [("eth_getRawTransactionByHash", (one,)) for one in block["transactions"]]
                    )
                    line = [int(block["number"], 16), block["hash"], int(block["timestamp"], 16), raw]
                    file.write(json.dumps(line, separators=(",", ":")) + "\n")
            parent = blocks[-1]["hash"]
            self._last = (span[-1], parent)
            self._noted += len(span)
        if self._noted > BETWEEN_SNAPSHOTS:
            self._snapshot()

    def _snapshot(self) -> None:
        head = rpc.call(self.url, "eth_getBlockByNumber", "latest", False)
        state = gzip.decompress(bytes.fromhex(rpc.call(self.url, "anvil_dumpState", timeout=60)[2:]))
        half = self.state.with_suffix(".new")
        half.write_bytes(state)
        half.replace(self.state)
        self.journal.unlink(missing_ok=True)
        self._last, self._noted = (int(head["number"], 16), head["hash"]), 0

    def _saved_head(self) -> int:
        """The last block of the saved state, which may be older than the journal's; -1 without a state."""
        if not self.state.exists():
            return -1
        with self.state.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = HEAD.search(content)
            if found is None:
                raise CannotStart(f"The local chain's state {self.state} cannot be read: run bin/up --reset.")
            return int(found[1])

    def _read_journal(self) -> list[list[Any]]:
        lines = []
        if self.journal.exists():
            for text in self.journal.read_text().splitlines():
                try:
                    lines.append(json.loads(text))
                except ValueError:
                    break  # the last line of a journal that was cut
        return lines

    def _replay(self, lines: list[list[Any]]) -> None:
        head = rpc.call(self.url, "eth_getBlockByNumber", "latest", False)
        rpc.call(self.url, "anvil_setBlockTimestampInterval", 0)  # blocks of one second share their time
        before = int(head["timestamp"], 16)
        rpc.call(self.url, "evm_setTime", before)  # a loaded node refuses times before its own start
        for first in range(0, len(lines), BATCH):
            part = lines[first : first + BATCH]
            for _, _, timestamp, raw in part:
                if timestamp > before:
                    rpc.call(self.url, "evm_setNextBlockTimestamp", timestamp)
                for one in raw:
                    rpc.call(self.url, "eth_sendRawTransaction", one)
                rpc.call(self.url, "evm_mine")
                before = timestamp
            number, expected = part[-1][:2]
            block = rpc.call(self.url, "eth_getBlockByNumber", hex(number), False)
            if block is None or block["hash"] != expected:
                raise CannotStart(
                    f"The local chain cannot be brought back to block {number}, for something changed it other than by "
                    "transactions and time: run bin/up --reset."
                )

    @contextmanager
    def _quiet_node(self) -> Iterator[None]:
        """A node that mines only when told, ended so that it saves its state."""
        launch = [
            sys.executable,
            "-I",
            "-S",
            str(HERE / "launch.py"),
            str(getpid()),
            str(int(signal.SIGKILL)),
            "0",
            "--",
        ]
        command = [node.binary(), "--quiet", "--port", str(self.port), "--chain-id", str(node.CHAIN_ID), "--no-mining"]
        command += ["--order", "fifo", "--cache-path", str(self.cache), "--dump-state", str(self.leaving)]
        command += ["--load-state", str(self.state)] if self.state.exists() else []
        process = subprocess.Popen([*launch, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 20
            while not _answers(self.url):
                if process.poll() is not None or time.monotonic() > until:
                    raise CannotStart(f"The local chain's state {self.state} cannot be read: run bin/up --reset.")
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(30)

    @staticmethod
    def _is_complete(path: Any) -> bool:
        try:
            with path.open("rb") as file:
                file.seek(-len(COMPLETE), 2)
                return bool(file.read() == COMPLETE)
        except OSError:
            return False


def _answers(url: str) -> bool:
    try:
        return node.answers(url)
    except (OSError, ValueError):
        return False
