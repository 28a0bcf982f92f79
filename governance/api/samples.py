"""Examples for the schema; a test holds each against its shape."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

CHAIN: Final = "eip155:31337"
TOM: Final = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
GOVERNOR: Final = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
PROPOSAL: Final = "48300163923462987562983465987236498756234987562349875623498756234987562349871"
BLOCK: Final = {"number": 1204, "hash": "0x" + "5c" * 32, "at": 1795312800, "final": False}
LOG: Final = {"block": 1180, "transaction": "0x" + "a1" * 32, "at": 1795312600, "final": True}

DAO: Final[dict[str, Any]] = {
    "slug": "guild-governor",
    "name": "GuildGovernor",
    "chain": CHAIN,
    "governor": GOVERNOR,
    "timelock": "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
    "timelock_kind": "control",
    "own": True,
    "clock": "timestamp",
    "token": {
        "address": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "symbol": "GUILD",
        "decimals": 18,
        "kind": "erc20",
    },
    "complete": True,
    "counted_at_block": 1204,
    "check": {"block": 1202, "at": "2026-11-22T09:59:51Z", "proposals": 3, "differences": 0},
}
DAO_DETAIL: Final = {
    **DAO,
    "block": BLOCK,
    "rules": [{"name": "voting period", "value": "180", "log": LOG}],
    "votes_that_could_be": "1000000000000000000000000",
    "proposals": 12,
    "open_proposals": 2,
}
ROW: Final[dict[str, Any]] = {
    "id": PROPOSAL,
    "title": "Set the fee to 3 %",
    "state": "active",
    "outcome": "Passing as it stands.",
    "proposer": TOM,
    "proposed": LOG,
    "vote_start": 1795312605,
    "vote_end": 1795312785,
    "eta": None,
    "due": "",
    "tally": {
        "for_votes": "300000000000000000000000",
        "against_votes": "0",
        "abstain_votes": "0",
        "voters": 1,
        "quorum": "40000000000000000000000",
        "final": False,
        "checked_block": 1202,
        "agrees": True,
    },
    "quorum_reached": True,
    "effects": ["The fee on new subscriptions goes from 2.5 % to 3 %. Running ones keep theirs."],
    "page": f"https://market.example/governance/guild-governor/{PROPOSAL}/",
}
DETAIL: Final = {
    **ROW,
    "block": BLOCK,
    "description": "# Set the fee to 3 %\n\nThe arbiters have to be paid.",
    "operation": "0x" + "0b" * 32,
    "calls": [
        {
            "target": "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
            "value": "0",
            "data": "0x2f5d0c1b" + "00" * 160,
            "target_name": "MarketEscrow",
            "decoded": "MarketEscrow.setParams(feeBps: 300, …)",
            "sentence": "The fee on new subscriptions goes from 2.5 % to 3 %. Running ones keep theirs.",
            "changes": [{"label": "Fee", "today": "2.5 %", "then": "3 %"}],
            "affects": "Concerns providers: the fee is kept from what they are paid.",
            "beware": "",
        }
    ],
    "timeline": [{"kind": "extended", "value": 1795312845, "log": LOG}],
    "simulation": {
        "outcome": "succeeds",
        "failing": None,
        "reason": "",
        "together": True,
        "block": 1203,
        "at": "2026-11-22T09:59:52Z",
    },
}
DISCUSSION: Final[dict[str, Any]] = {
    "id": "9f2c41d07be35a68",
    "title": "Set the fee to 3 %",
    "account": TOM,
    "power": "300000000000000000000000",
    "opened": "2026-11-22T09:40:00Z",
    "changed": "2026-11-22T09:52:10Z",
    "closed": None,
    "proposal": None,
    "comments": 2,
    "page": "https://market.example/governance/guild-governor/discussions/9f2c41d07be35a68/",
}
DISCUSSION_DETAIL: Final = {
    **DISCUSSION,
    "description": "The arbiters have to be paid.",
    "calls": DETAIL["calls"],
}
COMMENT: Final = {
    "id": 17,
    "answers": None,
    "author": TOM,
    "power": "300000000000000000000000",
    "at": 1795312600,
    "text": "Would 2.75 % not be enough?",
    "signature": "0x" + "1b" * 65,
    "taken_back": None,
    "hidden": "",
}
VOTE: Final = {
    "voter": TOM,
    "support": "for",
    "weight": "300000000000000000000000",
    "reason": "Keeps the arbiters paid.",
    "log": LOG,
}
DELEGATE: Final = {
    "address": TOM,
    "power": "300000000000000000000000",
    "log": LOG,
    "delegators": 4,
    "voted": 9,
    "asked": 10,
    "statement": None,
}
VOTER: Final = {
    "block": BLOCK,
    "address": TOM,
    "power": "300000000000000000000000",
    "delegate": TOM,
    "delegator_count": 3,
    "delegators": ["0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"],
    "voted": 9,
    "asked": 10,
    "votes": [{**VOTE, "proposal": PROPOSAL}],
    "proposed": [PROPOSAL],
    "statement": None,
}
DOLLAR: Final = {"token": "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0", "symbol": "TUSD", "decimals": 6}
TIMELOCK: Final = DAO["timelock"]
POSITION: Final = {
    "account": TIMELOCK,
    "role": "timelock",
    "escrow": "",
    **DOLLAR,
    "amount": "250000000",
    "moved": "250000000",
    "difference": "0",
}
MOVE: Final = {
    "kind": "transfer",
    "account": TIMELOCK,
    "escrow": "",
    **DOLLAR,
    "amount": "-50000000",
    "other": TOM,
    "proposal": PROPOSAL,
    "block": 1180,
    "transaction": "0x" + "a1" * 32,
    "at": 1795312600,
}
FEES: Final = {"month": "2026-11", "account": TIMELOCK, **DOLLAR, "amount": "725000", "payments": 12, "block": 1180}
BALLOT: Final = {"voter": TOM, "support": 1, "reason": "Keeps the arbiters paid."}
SIGNED: Final = {**BALLOT, "signature": "0x" + "1b" * 65, "chain": CHAIN, "governor": GOVERNOR, "proposalId": PROPOSAL}
LIFE: Final = {
    "state": "queued",
    "sentence": "You have signed. The market hands your vote in; this takes a few seconds.",
    "problem": "",
    "transaction": "",
    "block": None,
}


def answer(value: Any) -> list[OpenApiExample]:
    """The example of an answer."""
    return [OpenApiExample("answer", value=value, response_only=True, status_codes=["200", "202"])]


def pages(row: Any, **more: Any) -> list[OpenApiExample]:
    """The example of a page with one result."""
    return answer({**more, "next": None, "results": [row]})


def sent(value: Any) -> OpenApiExample:
    """The example of what is sent."""
    return OpenApiExample("request", value=value, request_only=True)
