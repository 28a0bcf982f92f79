"""A DAO that does everything for many blocks, by a seed; after every block the mirror is held against the contracts."""

import random
from typing import Any

from eth_abi.abi import decode as abi_decode

from chain import watcher
from chain.models import Block
from governance import services
from governance.adding import add_governor
from governance.models import NUMBERS, Governor, Proposal, Setting, State, Step, Vote
from tests.chain.local_chain import CHAIN, MINTER, LocalChain
from tests.governance.dao import SECONDS, UNIT, Dao, Kind, Motion, call_data

# anvil's accounts 1 to 6
VOTERS = [
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
]
WAYS = [
    "castVote",
    "castVoteWithReason",
    "castVoteWithReasonAndParams",
    "castVoteBySig",
    "castVoteWithReasonAndParamsBySig",
]
REVERTED = object()
BURN = call_data("burn(uint256)", 0)[:4]


class Differs(AssertionError):
    """The mirror says otherwise than the contract at a block."""


class Campaign:
    """One DAO of one kind, and what happens to it by one seed."""

    def __init__(self, node: LocalChain, kind: Kind, seed: int) -> None:
        self.node, self.kind, self.dice = node, kind, random.Random(seed)
        self.motions: list[Motion] = []
        self.late: set[int] = set()
        self.made = self.reorgs = self.undone = 0
        node.rpc("anvil_setBlockTimestampInterval", SECONDS)
        first = node.head()  # told, for the node forgets old states whenever a test is taken back
        self.dao = Dao(node, kind)
        self.badges = 0
        for place, voter in enumerate(VOTERS):
            if kind.is_badge:
                for _ in range(2 + 3 * place):
                    self.dao.send(self.dao.token, self._mint(voter))
            else:
                self.dao.send(self.dao.token, call_data("transfer(address,uint256)", voter, (20 + 30 * place) * UNIT))
            self.dao.send(self.dao.token, call_data("delegate(address)", voter), voter)
        self.governor, _ = add_governor(chain=CHAIN, address=self.dao.governor, from_block=first)
        watcher.watch(CHAIN)
        block = self.governor.latest_block()
        self.began = self.governor.clock(block) if block else 0
        node.automine(False)

    def run(self, blocks: int) -> None:
        """So many blocks, with a reorg every dozen or so."""
        for number in range(blocks):
            for _ in range(self.dice.randint(1, 4)):
                self.act()
            self.node.mine()
            self.look()
            if number % 12 == 11:
                self.reorg()
                self.look()

    def act(self) -> None:
        """Something that people do; what is too early or too late reverts, and is mined all the same."""
        rows = list(Proposal.objects.filter(governor=self.governor))
        known = {motion.id: motion for motion in self.motions}
        open_rows = [row for row in rows if row.state in {State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED}]
        dice = self.dice.random()
        if len(open_rows) < 5 and dice < 0.4:
            self.propose()
        elif open_rows and dice < 0.85:
            passed = [row for row in open_rows if row.state in {State.SUCCEEDED, State.QUEUED}]
            row = self.dice.choice(passed if passed and self.dice.random() < 0.6 else open_rows)
            getattr(self, f"_{row.state}")(known[row.proposal_id], row)
        else:
            self.move_votes()

    def propose(self) -> None:
        self.made += 1
        target, call, text = self._change()
        motion = self.dao.propose(call, text, self.dice.choice(VOTERS), target)
        self.motions.append(motion)
        if self.dice.random() < 0.4:
            self.late.add(motion.id)

    def _change(self) -> tuple[str, bytes, str]:
        """Of the governor, which only it can carry out, or of the timelock or token, which anybody can."""
        dice, unit, old, dao = self.dice, self.dao.unit, self.kind.is_old, self.dao
        changes = [
            call_data(f"setVotingDelay({'uint256' if old else 'uint48'})", dice.randint(1, 2) * unit),
            call_data(f"setVotingPeriod({'uint256' if old else 'uint32'})", dice.randint(5, 8) * unit),
            call_data("setProposalThreshold(uint256)", dice.randint(0, 2) * self.kind.votes),
            call_data("updateQuorumNumerator(uint256)", dice.randint(5, 25)),
        ]
        if self.kind.has_late_quorum:
            width = "uint64" if old else "uint48"
            changes.append(call_data(f"setLateQuorumVoteExtension({width})", dice.randint(3, 5) * unit))
        others = [
            (dao.timelock, call_data("updateDelay(uint256)", dice.randint(1, 3) * SECONDS)),
            (dao.token, self._mint(dice.choice(VOTERS))),
        ]
        text = f"# Change {self.made}\n\nBecause of {dice.random()}."
        target, call = dice.choice(others) if dice.random() < 0.4 else (dao.governor, dice.choice(changes))
        return target, call, text

    def _pending(self, motion: Motion, row: Proposal) -> None:
        if self.dice.random() < 0.1:
            motion.act("cancel", row.proposer)

    def _active(self, motion: Motion, row: Proposal) -> None:
        block = self.governor.latest_block()
        left = row.vote_end - self.governor.clock(block) if block else 0
        if motion.id in self.late and left > 2 * self.dao.unit:
            return
        for voter in self.dice.sample(VOTERS, 3 if motion.id in self.late else 2):
            params = self.dice.choice([b"", b"\x01\x02"])
            motion.vote(voter, self.dice.choice([0, 1, 1, 1, 2]), self.dice.choice(WAYS), params=params)

    def _succeeded(self, motion: Motion, row: Proposal) -> None:
        if self.dice.random() < 0.15:
            motion.directly("scheduleBatch")
        else:
            motion.act("queue")

    def _queued(self, motion: Motion, row: Proposal) -> None:
        dice = self.dice.random()
        if dice < 0.12:
            motion.directly("cancel")
        elif dice < 0.5:
            motion.act("execute")
        else:
            motion.directly("executeBatch")

    def _mint(self, to: str, amount: int = UNIT) -> bytes:
        """So much, or one badge, whose number is the next one unless a mint before it is undone."""
        self.badges += 1
        return call_data("mint(address)", to) if self.kind.is_badge else call_data("mint(address,uint256)", to, amount)

    def move_votes(self) -> None:
        voter, other = self.dice.sample(VOTERS, 2)
        amount = self.dice.randint(1, 10) * UNIT
        data = self.dice.choice(
            [
                call_data("delegate(address)", self.dice.choice([voter, voter, other])),
                call_data("transfer(address,uint256)", other, amount),
                self._mint(other, 3 * amount),
                call_data("burn(uint256)", amount),
            ]
        )
        if self.kind.is_badge and data[:4] in {call_data("transfer(address,uint256)", other, 0)[:4], BURN}:
            self._move_badge(other, is_burnt=data[:4] == BURN)
        else:
            self.dao.send(self.dao.token, data, voter)

    def _move_badge(self, to: str, *, is_burnt: bool) -> None:
        """Of whoever holds it now; a number that was never made, or is burnt, is passed by."""
        number = self.dice.randint(1, self.badges)
        try:
            owner: str = self.dao.ask(self.dao.token, "ownerOf(uint256)", number, returns="address")
        except RuntimeError:
            return
        data = call_data("transferFrom(address,address,uint256)", owner, to, number)
        self.dao.send(self.dao.token, call_data("burn(uint256)", number) if is_burnt else data, owner)

    def reorg(self) -> None:
        """One or two blocks give way; their transactions are gone, or mined again in the same blocks or in the last."""
        depth, fate = self.dice.randint(1, 2), self.dice.choice(["gone", "same", "last"])
        first, again = self.node.head() - depth + 1, []
        for offset in range(depth):
            block = self.node.rpc("eth_getBlockByNumber", hex(first + offset), False)
            self.undone += len(block["transactions"])
            for each in block["transactions"]:
                raw = self.node.rpc("eth_getRawTransactionByHash", each)
                again.append([raw, offset if fate == "same" else depth - 1])
        self.node.reorg(depth, [] if fate == "gone" else again)
        self.reorgs += 1

    def look(self) -> None:
        """Copy, mirror, and compare all that can be asked at the newest block. Raises Differs."""
        watcher.watch(CHAIN)
        services.mirror(CHAIN)
        block = self.governor.latest_block()
        if block is None or block.number != self.node.head():
            raise RuntimeError("The watcher is not level.")
        self.governor = Governor.objects.get(pk=self.governor.pk)
        rows = {row.proposal_id: row for row in Proposal.objects.filter(governor=self.governor)}
        asked = [(motion.id, field) for motion in self.motions for field in FIELDS]
        said = dict(zip(asked, self._ask(block, rows, asked), strict=True))
        for motion in self.motions:
            _compare(block, rows.get(motion.id), {field: said[motion.id, field] for field in FIELDS})

    def _ask(self, block: Block, rows: dict[int, Proposal], asked: list[tuple[int, str]]) -> list[Any]:
        clock, body = self.governor.clock(block), []
        for place, (proposal_id, field) in enumerate(asked):
            row = rows.get(proposal_id)
            argument = proposal_id
            if field == "quorum(uint256)":
                argument = row.vote_start if row and row.vote_start < clock else 2**48 - 1  # which reverts
            call = {"to": self.dao.governor, "data": "0x" + call_data(field, argument).hex()}
            body.append({"jsonrpc": "2.0", "id": place, "method": "eth_call", "params": [call, hex(block.number)]})
        answers = {each["id"]: each for each in self.node.http.post(self.node.url, json=body).json()} if body else {}
        return [_value(FIELDS[field], answers[place]) for place, (_, field) in enumerate(asked)]

    def _selector(self, tx_hash: str) -> str:
        called: str = self.node.rpc("eth_getTransactionByHash", tx_hash)["input"][:10]
        return called

    def happened(self) -> dict[str, int]:
        """What the campaign came to, so that one that did nothing is no proof."""
        votes = Vote.objects.filter(proposal__governor=self.governor).select_related("log")
        steps = Step.objects.filter(proposal__governor=self.governor)
        by_governor = steps.filter(kind="executed").values("proposal")
        return {
            "votes": votes.count(),
            "votes with parameters": votes.exclude(params=b"").count(),
            "all five calls that vote": len({self._selector(vote.log.tx_hash) for vote in votes}) == len(WAYS),
            "changed parameters": Setting.objects.filter(governor=self.governor, timepoint__gt=self.began).count(),
            "queued": steps.filter(kind="queued").count(),
            "executed on the timelock alone": steps.filter(kind="operation executed")
            .exclude(proposal__in=by_governor)
            .count(),
            "canceled on the timelock": steps.filter(kind="operation canceled").count(),
            "delegations": self.governor.delegations.count() - len(VOTERS),
            "reorgs": self.reorgs,
            "transactions undone": self.undone,
            **({"extended": steps.filter(kind="extended").count()} if self.kind.has_late_quorum else {}),
        }


FIELDS = {
    "state(uint256)": "uint8",
    "proposalVotes(uint256)": "uint256,uint256,uint256",
    "proposalSnapshot(uint256)": "uint256",
    "proposalDeadline(uint256)": "uint256",
    "quorum(uint256)": "uint256",
}


def _value(kinds: str, answer: dict[str, Any]) -> Any:
    if "error" in answer:
        return REVERTED
    values = abi_decode(kinds.split(","), bytes.fromhex(answer["result"][2:]))
    return values[0] if len(values) == 1 else values


def _compare(block: Block, row: Proposal | None, said: dict[str, Any]) -> None:
    if row is None:
        if said["state(uint256)"] is not REVERTED:
            raise Differs(f"Block {block.number}: a proposal is missing.")
        return
    ours = {
        "state(uint256)": NUMBERS[State(row.state)],
        "proposalVotes(uint256)": (row.votes_against, row.votes_for, row.votes_abstain),
        "proposalSnapshot(uint256)": row.vote_start,
        "proposalDeadline(uint256)": row.deadline,
        "quorum(uint256)": REVERTED if row.quorum is None else row.quorum,
    }
    for field, value in ours.items():
        if value != said[field]:
            raise Differs(f"Block {block.number}, {row.title}: {field} is {value} here, {said[field]} in the contract.")


__all__ = ["MINTER", "VOTERS", "Campaign", "Differs"]
