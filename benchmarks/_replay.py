"""A node that answers from memory what it was asked before: `python -m benchmarks._replay UPSTREAM`.

The local chain's program needs a core to itself to serve logs; with it in front, what is measured is the reader.
"""

import asyncio
import sys

import httpx


async def main(upstream: str) -> None:
    """Serve on any free port, which is printed."""
    known: dict[bytes, bytes] = {}
    node = httpx.AsyncClient(trust_env=False, timeout=120)

    async def answered(body: bytes) -> bytes:
        if b'"latest"' in body or body not in known:
            known[body] = (
                await node.post(upstream, content=body, headers={"content-type": "application/json"})
            ).content
        return known[body]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                answer = await answered(await reader.readexactly(length))
                start = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                writer.writelines([start, str(len(answer)).encode(), b"\r\n\r\n", answer])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
