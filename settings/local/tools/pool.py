"""Keeps a few child processes for computations: bounded in number, in waiting callers and in time."""

import asyncio
import contextlib
import json
import os
import struct
import sys
from dataclasses import dataclass

from .worker import frame


class Busy(Exception):
    """Too many callers wait already."""


class TooSlow(Exception):
    """The computation exceeded its time and was stopped."""


@dataclass(frozen=True)
class Answer:
    """What a child process answered; `log` is set when it failed by a fault of ours."""

    status: int
    body: bytes
    log: str | None


async def _receive(stream: asyncio.StreamReader) -> bytes:
    return await stream.readexactly(struct.unpack(">I", await stream.readexactly(4))[0])


class Pool:
    """At most `size` child processes, at most `waiting` callers in line, `seconds` per computation."""

    def __init__(self, size: int = 2, waiting: int = 8, seconds: float = 20.0, idle: float = 30.0) -> None:
        self.size, self.waiting, self.seconds, self.idle = size, waiting, seconds, idle
        self._turn = asyncio.Semaphore(size)
        self._callers = 0
        self._free: list[asyncio.subprocess.Process] = []
        self._ends: dict[int, asyncio.TimerHandle] = {}
        self._endings: set[asyncio.Future[int]] = set()

    async def ask(self, slug: str, body: bytes) -> Answer:
        """Return the answer of a child process; raises Busy or TooSlow."""
        if self._callers >= self.size + self.waiting:
            raise Busy
        self._callers += 1
        try:
            async with self._turn:
                return await self._computed(slug, body)
        finally:
            self._callers -= 1

    async def _computed(self, slug: str, body: bytes) -> Answer:
        child = await self._child()
        try:
            answer = await asyncio.wait_for(self._exchange(child, slug, body), self.seconds)
        except (asyncio.IncompleteReadError, ConnectionError):
            # A native crash or the kernel's memory killer: the next caller gets a fresh child.
            status = await self._stop(child)
            message = "The tool broke down on this input; please check the file."
            failed = json.dumps({"error": {"message": message, "field": None}}).encode()
            return Answer(500, failed, f"child ended with {status}")
        except TimeoutError:
            await self._stop(child)
            raise TooSlow from None
        except asyncio.CancelledError:
            await asyncio.shield(self._stop(child))
            raise
        self._keep(child)
        return answer

    async def _exchange(self, child: asyncio.subprocess.Process, slug: str, body: bytes) -> Answer:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(frame(slug.encode()) + frame(body))
        await child.stdin.drain()
        head = json.loads(await _receive(child.stdout))
        return Answer(head["status"], await _receive(child.stdout), head["log"])

    async def _child(self) -> asyncio.subprocess.Process:
        while self._free:
            child = self._free.pop()
            self._ends.pop(child.pid).cancel()
            if child.returncode is None:
                return child
        # One thread per child: two children already fill the machine, and each thread costs memory.
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # The child has no use for the key, so it does not get it.
        inherited = {name: value for name, value in os.environ.items() if name != "DEMO_TOOLS_KEY"}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"{__package__}.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=inherited | one,
        )

    def _keep(self, child: asyncio.subprocess.Process) -> None:
        self._free.append(child)
        loop = asyncio.get_running_loop()
        self._ends[child.pid] = loop.call_later(self.idle, self._retire, child)

    def _retire(self, child: asyncio.subprocess.Process) -> None:
        if child in self._free:
            self._free.remove(child)
            self._ends.pop(child.pid, None)
            ending = asyncio.ensure_future(self._stop(child))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def _stop(self, child: asyncio.subprocess.Process) -> int:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        return await child.wait()

    async def close(self) -> None:
        """Stop every idle child; a working one ends with its caller."""
        free, self._free = self._free, []
        for child in free:
            self._ends.pop(child.pid).cancel()
            await self._stop(child)
