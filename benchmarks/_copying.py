"""One way to copy logs, in a process of its own: `python -m benchmarks._copying WAY ADDRESS FIRST LAST [ROUNDS]`.

Prints a line of JSON for each round: wall seconds, logs, requests, the most memory (MB) that the process has had so far, its CPU seconds.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

import django

TO_PLAIN = "COPY plain FROM STDIN"
SPAN = 20  # blocks a request for the ways that do not adapt: 2,000 logs, as ours comes to


def ours(address: str, first: int, last: int) -> int:
    """The watcher, from nothing to level with the head."""
    from django.conf import settings

    from chain import watcher
    from chain.models import Contract, CopyPosition, Log
    from chain.watcher import Outcome

    Contract.objects.filter(chain=settings.CHAIN_ID).delete()
    Contract.objects.create(chain=settings.CHAIN_ID, name="Emitter", address=address, deployed_block=first)
    CopyPosition.objects.filter(chain=settings.CHAIN_ID).delete()
    _started()
    while watcher.watch(seconds=600) is not Outcome.LEVEL:
        pass
    _ended()
    return Log.objects.filter(number__lte=last).count()


def read(address: str, first: int, last: int) -> int:
    """All that the watcher does but the database: logs and headers, parsed and checked against each other."""
    from chain.client import client
    from chain.reader import fetch_range
    from chain.wanted import Wanted

    node = client()
    _started()
    spans = [(start, min(start + SPAN - 1, last)) for start in range(first, last + 1, SPAN)]
    return sum(len(fetch_range(node, [Wanted(address)], *span).logs) for span in spans)


def parse(address: str, first: int, last: int) -> int:
    """Fetch and parse: no header, no check, no database."""
    _started()
    return sum(len(logs) for logs in _ranges(address, first, last))


def copy(address: str, first: int, last: int) -> int:
    """Fetch, decode and COPY into a table without an index, a key or a check."""
    from django.db import connections, transaction

    from chain import abi

    columns = "number int, place int, block text, tx text, address text, who text, whom text, much numeric"
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain")
        cursor.execute(f"CREATE TABLE plain ({columns})")
    _started()
    count = 0
    for logs in _ranges(address, first, last):
        lines = []
        for log in logs:
            event = abi.decode_log(log.topics, bytes.fromhex(log.data[2:]))
            if event is None:
                raise RuntimeError("A log that is no Transfer.")
            named = f"{log.block_hash}\t{log.transaction_hash}\t{log.address}\t{event.args['from']}\t{event.args['to']}"
            lines.append(f"{log.height}\t{log.index}\t{named}\t{event.args['value']}\n")
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor, cursor.copy(TO_PLAIN) as out:
            out.write("".join(lines))
        count += len(logs)
    return count


def web3(address: str, first: int, last: int) -> int:
    """web3.py's events and Django's bulk_create."""
    from django.db import transaction
    from web3 import HTTPProvider, Web3

    from chain.models import Block, Log
    from settings.local.node import CHAIN_ID

    node = Web3(HTTPProvider(_url()))
    kinds = [{"name": "from", "type": "address", "indexed": True}, {"name": "to", "type": "address", "indexed": True}]
    kinds.append({"name": "value", "type": "uint256", "indexed": False})
    abi = [{"type": "event", "name": "Transfer", "anonymous": False, "inputs": kinds}]
    contract = node.eth.contract(address=Web3.to_checksum_address(address), abi=abi)
    chain = f"eip155:{CHAIN_ID}"
    _started()
    count = 0
    for start in range(first, last + 1, SPAN):
        events = contract.events.Transfer().get_logs(from_block=start, to_block=min(start + SPAN - 1, last))
        with transaction.atomic():
            hashes = {event["blockNumber"]: event["blockHash"].to_0x_hex() for event in events}
            made = Block.objects.bulk_create(
                [Block(chain=chain, number=n, hash=h, parent_hash=h, timestamp=0) for n, h in hashes.items()]
            )
            blocks = {block.number: block for block in made}
            Log.objects.bulk_create([_row(chain, event, blocks[event["blockNumber"]]) for event in events])
        count += len(events)
    return count


def _row(chain: str, event, block):  # type: ignore[no-untyped-def]
    from chain.models import Log

    args = event["args"]
    topics = ["0x" + args["from"][2:].lower().rjust(64, "0"), "0x" + args["to"][2:].lower().rjust(64, "0")]
    return Log(
        block=block,
        chain=chain,
        number=block.number,
        block_hash=block.hash,
        log_index=event["logIndex"],
        tx_hash=event["transactionHash"].to_0x_hex(),
        address=event["address"].lower(),
        topic0=topics[0],
        topics=topics,
        data=args["value"].to_bytes(32, "big"),
    )


def _ranges(address: str, first: int, last: int):  # type: ignore[no-untyped-def]
    from chain.rpc import LogEntry, connection
    from chain.rpc import read as read_answer

    node = connection(_url())
    for start in range(first, last + 1, SPAN):
        question = {"fromBlock": hex(start), "toBlock": hex(min(start + SPAN - 1, last)), "address": [address]}
        yield read_answer(node.batch([("eth_getLogs", [question])])[0], list[LogEntry])


def _url() -> str:
    from django.conf import settings

    return str(settings.CHAINS[settings.CHAIN_ID]["rpc_url"])


def _count_requests() -> list[int]:
    from chain import rpc

    real, made = rpc.Rpc._post, [0]

    def counting(self, *args):  # type: ignore[no-untyped-def]
        made[0] += 1
        return real(self, *args)

    rpc.Rpc._post = counting  # type: ignore[method-assign]
    return made


_clock = [0.0, 0.0]


def _started() -> None:
    _clock[:] = [time.perf_counter(), 0.0]


def _ended() -> None:
    _clock[1] = time.perf_counter()


def main(way: str, address: str, first: str, last: str, rounds: str = "1") -> None:
    """Load what `manage.py backfill_chain` loads, then copy so many times."""
    django.setup()
    from django.db import connections

    ways: dict[str, Callable[[str, int, int], int]] = {
        "ours": ours,
        "read": read,
        "parse": parse,
        "copy": copy,
        "web3": web3,
    }
    made = _count_requests()
    from chain import watcher  # noqa: F401  (loaded before the clock runs)

    for _ in range(int(rounds)):
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE chain_block, chain_log CASCADE")
        made[0], cpu = 0, time.process_time()
        logs = ways[way](address, int(first), int(last))
        if not _clock[1]:
            _ended()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures = {
            "seconds": _clock[1] - _clock[0],
            "logs": logs,
            "requests": made[0],
            "peak": peak,
            "cpu": time.process_time() - cpu,
        }
        sys.stdout.write(json.dumps(figures | {"web3": "web3" in sys.modules}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
