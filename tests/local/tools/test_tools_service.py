"""The HTTP side of the demo tools, against a real server."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings.local.tools.manifests import MANIFESTS
from settings.local.tools.pool import Busy, Pool, TooSlow

ROOT = Path(__file__).parents[3]
SLOW_LINES = "\n".join(f"The delivery number {n} was good but the cup broke." for n in range(2000))


def test_everybody_can_read_the_manifests(server: tuple[str, int]) -> None:
    listed = httpx.get(server[0] + "/").json()["tools"]
    assert [tool["slug"] for tool in listed] == [manifest.slug for manifest in MANIFESTS]
    for tool in listed:
        assert httpx.get(f"{server[0]}/{tool['slug']}/").json() == tool


@pytest.mark.parametrize(
    "key", [None, "", "Bearer", "Bearer wrong", "Basic a-key-for-tests-only-0123456789", "Bearer \xff"]
)
def test_a_stranger_cannot_compute(server: tuple[str, int], key: str | None) -> None:
    headers = {} if key is None else {"Authorization": key.encode("latin-1")}
    answer = httpx.post(server[0] + "/review-sentiment/", json={"reviews": "Good."}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "The key is missing or wrong."


def test_the_holder_of_the_key_gets_a_result_and_the_request_id_back(client: httpx.Client) -> None:
    answer = client.post("/review-sentiment/", json={"reviews": "Great shop!"}, headers={"X-Request-Id": "req-42"})
    assert answer.status_code == 200
    assert answer.headers["X-Request-Id"] == "req-42"
    assert answer.json()["data"]["overall"]["sentiment"] == "positive"


def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: httpx.Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": 'x" y'})
    assert len(answer.headers["X-Request-Id"]) == 32


def test_an_unknown_tool_is_not_found(client: httpx.Client) -> None:
    answer = client.post("/fortune-telling/", json={})
    assert answer.status_code == 404
    assert "sales-forecast" in answer.json()["error"]["message"]


def test_a_method_that_an_address_does_not_take_is_refused(client: httpx.Client) -> None:
    assert client.delete("/sales-forecast/").status_code == 405
    assert client.post("/").headers["Allow"] == "GET, HEAD"


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(server: tuple[str, int]) -> None:
    host, port = server[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(
            b"POST /sales-forecast/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a-key-for-tests-only-0123456789\r\n"
            b"Content-Length: 99999999\r\n\r\n"
        )
        assert wire.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_grows_too_large_is_refused(client: httpx.Client) -> None:
    def chunks() -> Any:
        for _ in range(49):
            yield b" " * 65536

    try:
        answer = client.post("/sales-forecast/", content=chunks())
    except httpx.WriteError:
        return  # the server answered and closed while we were still sending
    assert answer.status_code == 413


def test_a_body_in_chunks_is_understood(client: httpx.Client) -> None:
    answer = client.post("/review-sentiment/", content=iter([b'{"reviews": ', b'"Bad service."}']))
    assert answer.status_code == 200


def test_a_file_larger_than_two_megabytes_is_refused(client: httpx.Client, upload: Any) -> None:
    answer = client.post("/sales-forecast/", json={"file": upload(b"a" * (2 * 1024 * 1024 + 1))})
    assert answer.status_code == 413
    assert answer.json()["error"] == {"message": "The file is too large; at most 2 MB are allowed.", "field": "file"}


def test_what_is_not_http_gets_a_sentence_and_harms_nobody(server: tuple[str, int]) -> None:
    host, port = server[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(b"\x16\x03\x01\x02\x00 not http\r\n\r\n")
        assert wire.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(server[0] + "/healthz").json() == {"status": "ok"}


def test_health_is_answered_while_every_worker_computes(client: httpx.Client, server: tuple[str, int]) -> None:
    done: list[int] = []
    given = {"reviews": SLOW_LINES}
    threads = [
        threading.Thread(
            target=lambda: done.append(
                httpx.post(server[0] + "/review-sentiment/", json=given, headers=client.headers, timeout=30).status_code
            )
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    slowest = 0.0
    while not done:
        started = time.monotonic()
        assert httpx.get(server[0] + "/healthz").status_code == 200
        slowest = max(slowest, time.monotonic() - started)
    for thread in threads:
        thread.join()
    assert done == [200, 200, 200]
    assert slowest < 0.5


def test_the_server_stays_small_after_it_has_served(client: httpx.Client, server: tuple[str, int]) -> None:
    assert client.post("/review-sentiment/", json={"reviews": "Good."}).status_code == 200
    kilobytes = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(server[1])], capture_output=True, text=True, check=True
    ).stdout
    assert 0 < int(kilobytes) <= 45 * 1024


def test_a_computation_that_takes_too_long_is_stopped_and_the_next_one_works() -> None:
    async def scene() -> None:
        pool = Pool(seconds=0.05)
        with pytest.raises(TooSlow):
            await pool.ask("review-sentiment", json.dumps({"reviews": SLOW_LINES}).encode())
        pool.seconds = 20
        answer = await pool.ask("review-sentiment", b'{"reviews": "Good."}')
        assert answer.status == 200
        await pool.close()

    asyncio.run(scene())


def test_too_many_callers_at_once_are_sent_away() -> None:
    async def scene() -> None:
        pool = Pool(size=1, waiting=1)
        calls = [pool.ask("review-sentiment", b'{"reviews": "Good."}') for _ in range(3)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(answer) for answer in answers].count(Busy) == 1
        await pool.close()

    asyncio.run(scene())


def test_a_child_that_dies_gives_a_sentence_and_the_next_call_works() -> None:
    async def scene() -> None:
        pool = Pool()
        await pool.ask("review-sentiment", b'{"reviews": "Good."}')
        os.kill(pool._free[0].pid, signal.SIGSTOP)
        call = asyncio.create_task(pool.ask("review-sentiment", b'{"reviews": "Good."}'))
        child = pool._free[0]
        await asyncio.sleep(0.1)
        os.kill(child.pid, signal.SIGKILL)
        answer = await call
        assert answer.status == 500 and b"Traceback" not in answer.body
        assert (await pool.ask("review-sentiment", b'{"reviews": "Good."}')).status == 200
        await pool.close()

    asyncio.run(scene())


def test_an_idle_child_ends_by_itself() -> None:
    async def scene() -> None:
        pool = Pool(idle=0.05)
        await pool.ask("review-sentiment", b'{"reviews": "Good."}')
        child = pool._free[0]
        assert await asyncio.wait_for(child.wait(), 5) is not None
        assert not pool._free

    asyncio.run(scene())


def _children(pid: int) -> set[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0]) for line in listed.splitlines() if int(line.split()[1]) == pid}


def _alive(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_a_killed_server_leaves_no_child_behind() -> None:
    environment = os.environ | {"PORT": "0", "DEMO_TOOLS_KEY": "k" * 16}
    command = [sys.executable, "-m", "settings.local.tools"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["address"]
    headers = {"Authorization": f"Bearer {'k' * 16}"}
    httpx.post(address + "/review-sentiment/", json={"reviews": "Good."}, headers=headers)
    children = _children(process.pid)
    assert len(children) == 1
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, children))


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"PORT": "0", "DEMO_TOOLS_KEY": ""}, "DEMO_TOOLS_KEY must be set to at least 16 characters."),
        ({"PORT": "http", "DEMO_TOOLS_KEY": "k" * 16}, "PORT must be set to a port number (0 takes a free one)."),
    ],
)
def test_a_server_without_its_settings_says_which_one_is_missing(environment: dict[str, str], reason: str) -> None:
    command = [sys.executable, "-m", "settings.local.tools"]
    ended = subprocess.run(
        command, check=False, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=10
    )
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["reason"] == reason
    assert ended.stderr == ""
