"""Serve the demo tools on 127.0.0.1:$PORT for holders of $DEMO_TOOLS_KEY, until SIGTERM or SIGINT."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from .pool import Pool
from .service import Service


def log(event: str, level: str = "info", **fields: Any) -> None:
    """Print one log line as JSON."""
    line = {"timestamp": datetime.now(UTC).isoformat(), "level": level, "event": event, "service": "demo-tools"}
    print(json.dumps(line | fields), flush=True)


async def serve(port: int, key: str) -> None:
    """Serve until a signal asks to stop; open connections are cut, child processes ended."""
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    pool = Pool()
    service = Service(key, pool, log)
    connections: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await service.connection(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            connections.discard(task)

    server = await asyncio.start_server(accepted, "127.0.0.1", port)
    log("listening", address=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await stopped.wait()
    server.close()
    for task in list(connections):
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
    await pool.close()
    log("stopped")


def main() -> int:
    """Read the environment and serve; returns the exit status."""
    key, port = os.environ.get("DEMO_TOOLS_KEY", ""), os.environ.get("PORT", "")
    if len(key) < 16:
        log("refused", level="error", reason="DEMO_TOOLS_KEY must be set to at least 16 characters.")
        return 2
    if not port.isdigit() or int(port) > 65535:
        log("refused", level="error", reason="PORT must be set to a port number (0 takes a free one).")
        return 2
    try:
        asyncio.run(serve(int(port), key))
    except OSError as error:
        log("refused", level="error", reason=f"127.0.0.1:{port} cannot be listened on: {error.strerror}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
