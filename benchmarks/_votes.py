"""Votes as a busy DAO leaves them in the copied chain, and ways to make rows of them: `python -m benchmarks._votes WAY`.

Prints a line of JSON. `fill` writes the logs; `ours` and `naive` read them; `tick` and `python` count after one more vote.
"""

import json
import sys
import time
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from eth_abi.abi import encode  # noqa: E402

from chain import abi  # noqa: E402
from chain.models import Block, Contract, CopyPosition, Log  # noqa: E402
from governance import services  # noqa: E402
from governance.decoding import TOPIC  # noqa: E402
from governance.models import ClockMode, Governor, Proposal, Token, Vote  # noqa: E402

CHAIN = "eip155:31337"
GOVERNOR, TOKEN, TIMELOCK = (f"0x{n:040x}" for n in (0xA1, 0xA2, 0xA3))
PROPOSALS, VOTERS, FEW = 5, 20_000, 20
A_BLOCK, SAMPLE = 100, 2_000
REASON = b"Because it is right, and because it was asked for."
COLUMNS = "block_id, chain, number, block_hash, log_index, tx_hash, address, topic0, topics, data"


def word(value: int) -> str:
    return f"0x{value:064x}"


def vote(voter: int, proposal: int) -> tuple[str, list[str], bytes]:
    """Address, topics and data of a VoteCast."""
    said = encode(["uint256", "uint8", "uint256", "string"], [proposal, voter % 3, 10**18 + voter, REASON.decode()])
    return GOVERNOR, [TOPIC["VoteCast"], word(voter)], said


def beginning() -> list[tuple[str, list[str], bytes]]:
    """The supply, the quorum, and the proposals: each open to all, the last to a few."""
    kinds = ["uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]", "uint256", "uint256", "string"]
    supply = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    logs = [
        (TOKEN, [supply, word(0), word(7)], encode(["uint256"], [10**24])),
        (GOVERNOR, [TOPIC["QuorumNumeratorUpdated"]], encode(["uint256", "uint256"], [0, 4])),
    ]
    for number in range(1, PROPOSALS + 2):
        text = f"# Proposal {number}\n\n" + "A reason that takes a few lines to tell. " * 20
        values = [number, GOVERNOR, [TOKEN], [0], [""], [b"\x01\x02\x03\x04"], 2, 10**9, text]
        logs.append((GOVERNOR, [TOPIC["ProposalCreated"]], encode(kinds, values)))
    return logs


def put(number: int, logs: list[tuple[str, list[str], bytes]]) -> None:
    """One block with these logs, as the watcher leaves it."""
    block = Block.objects.create(
        chain=CHAIN, number=number, hash=word(number), parent_hash=word(number - 1), timestamp=number, is_final=True,
        has_logs=True,
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(f"COPY chain_log ({COLUMNS}) FROM STDIN") as copy:
        for place, (address, topics, data) in enumerate(logs):
            tx_hash = word(number << 32 | place)
            copy.write_row((block.pk, CHAIN, number, block.hash, place, tx_hash, address, topics[0], topics, data))


def fill() -> dict[str, Any]:
    """A governor that counts by blocks, and all its votes."""
    token = Token.objects.create(chain=CHAIN, address=TOKEN, symbol="VOTE", decimals=18)
    Governor.objects.create(
        chain=CHAIN, address=GOVERNOR, slug="busy", name="Busy", is_own=True, token=token, timelock=TIMELOCK,
        clock_mode=ClockMode.BLOCK_NUMBER,
    )  # fmt: skip
    for name, address in (("Governor", GOVERNOR), ("Token", TOKEN), ("Timelock", TIMELOCK)):
        Contract.objects.create(chain=CHAIN, name=f"{name} of Busy", address=address, deployed_block=1)
    pairs = [(voter, proposal) for voter in range(1, VOTERS + 1) for proposal in range(1, PROPOSALS + 1)]
    pairs += [(voter, PROPOSALS + 1) for voter in range(1, FEW + 1)]
    with transaction.atomic():
        put(1, beginning())
        for start in range(0, len(pairs), A_BLOCK):
            put(3 + start // A_BLOCK, [vote(*pair) for pair in pairs[start : start + A_BLOCK]])
        head = 3 + len(pairs) // A_BLOCK
        CopyPosition.objects.create(chain=CHAIN, copied_number=head, head_number=head)
    return {"logs": len(pairs)}


def ours() -> dict[str, Any]:
    """The mirror, from nothing to level."""
    began = time.perf_counter()
    services.mirror(CHAIN)
    seconds = time.perf_counter() - began
    governor = Governor.objects.get()
    if Vote.objects.count() != PROPOSALS * VOTERS + FEW or governor.caught_up_at is None:
        raise RuntimeError("The mirror has not read all votes.")
    return {"seconds": seconds, "logs": Vote.objects.count()}


def naive() -> dict[str, Any]:
    """web3.py decodes each log, Django's ORM saves a vote and adds it to the sum, a transaction a log; then rolled back."""
    from web3 import Web3
    from web3.datastructures import AttributeDict

    events = [entry for entry in abi.artefact("GuildGovernor")["abi"] if entry["type"] == "event"]
    contract = Web3().eth.contract(address=Web3.to_checksum_address(GOVERNOR), abi=events)
    rows = list(Log.objects.filter(topic0=TOPIC["VoteCast"]).order_by("id")[:SAMPLE])
    proposals = {int(row.proposal_id): row.pk for row in Proposal.objects.all()}
    Vote.objects.filter(log__in=rows).delete()
    fields = {0: "votes_against", 1: "votes_for", 2: "votes_abstain"}
    began = time.perf_counter()
    for row in rows:
        log = {
            "address": Web3.to_checksum_address(row.address), "blockHash": bytes.fromhex(row.block_hash[2:]),
            "blockNumber": row.number, "logIndex": row.log_index, "transactionIndex": 0, "data": bytes(row.data),
            "transactionHash": bytes.fromhex(row.tx_hash[2:]),
            "topics": [bytes.fromhex(topic[2:]) for topic in row.topics],
        }  # fmt: skip
        args = contract.events.VoteCast().process_log(AttributeDict(log))["args"]
        with transaction.atomic():
            key = proposals[args["proposalId"]]
            Vote.objects.create(
                proposal_id=key, log=row, voter=args["voter"], support=args["support"], weight=args["weight"],
                reason_bytes=args["reason"].encode(),
            )  # fmt: skip
            side = fields[args["support"]]
            Proposal.objects.filter(pk=key).update(**{side: F(side) + args["weight"], "voters": F("voters") + 1})
    return {"seconds": time.perf_counter() - began, "logs": len(rows)}


def tick() -> dict[str, Any]:
    """One more block with one more vote, and all open proposals counted anew: the best of a few."""
    best = float("inf")
    for turn in range(7):
        number = CopyPosition.objects.get().copied_number + 1
        with transaction.atomic():
            put(number, [vote(VOTERS + 1 + turn, 1)])
            CopyPosition.objects.update(copied_number=number, head_number=number)
        began = time.perf_counter()
        services.mirror(CHAIN)
        best = min(best, time.perf_counter() - began)
    return {"seconds": best, "logs": 1}


def python() -> dict[str, Any]:
    """The same figures added up in Python from all rows."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        sums: dict[tuple[int, int], int] = {}
        for row in Vote.objects.filter(proposal__settled=False).iterator(5_000):
            sums[row.proposal_id, row.support] = sums.get((row.proposal_id, row.support), 0) + int(row.weight)
        best = min(best, time.perf_counter() - began)
    return {"seconds": best, "logs": Vote.objects.count()}


if __name__ == "__main__":
    print(json.dumps({"fill": fill, "ours": ours, "naive": naive, "tick": tick, "python": python}[sys.argv[1]]()))
