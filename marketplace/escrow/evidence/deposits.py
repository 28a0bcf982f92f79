"""The contract's events, and what those of one deposit add up to: put into the one file of the program that checks."""

from typing import Any

from marketplace.escrow.evidence.arithmetic import keccak, must

HEAD = "uint64 seq,bytes32 *id,address *buyer,address *provider,"
CALLS = "uint64 seq,bytes32 *id,address *payer,address *provider,"
SPLIT, REFUND = "uint256 gross,uint256 fee,uint256 net,", "uint256 refund"
EVENTS = {
    "Funded": HEAD + "bytes32 orderRef,address token,uint256 total,uint256 pricePerPeriod,uint32 periodSeconds,"
    "uint32 periods,uint16 feeBps,address treasury,uint32 hold,uint64 startedAt,uint64 endsAt",
    "Renewed": HEAD + "address token,uint256 amount,uint32 added,uint256 total,uint32 periods,uint64 endsAt",
    "Released": HEAD + "address token," + SPLIT + "uint64 releasedThrough",
    "Refunded": HEAD + "address token,uint256 amount,uint256 left",
    "Cancelled": HEAD + "address token,address by," + SPLIT + REFUND,
    "Disputed": HEAD + "address token,bytes32 evidenceHash,uint256 contested,uint256 unearned,uint64 frozenAt,"
    "uint64 rulingDueAt",
    "Resolved": HEAD + "address token,address arbiter,uint16 providerBps,bytes32 rulingHash," + SPLIT + REFUND,
    "Closed": "uint64 seq,bytes32 *id",
    "ChannelOpened": CALLS + "bytes32 channelRef,address signer,address token,uint256 deposit,uint16 feeBps,"
    "address treasury,uint32 closeDelay",
    "ChannelToppedUp": CALLS + "address token,uint256 amount,uint256 deposit",
    "Claimed": CALLS + "address token," + SPLIT + "uint256 claimed",
    "ChannelCloseRequested": CALLS + "address token,uint256 left,uint64 closesAt",
    "ChannelClosed": CALLS + "address token," + REFUND,
}
BETWEEN = "The contract numbers the events of all orders together, so numbers between may belong to other orders."


FIELDS = {name: [each.split(" ") for each in text.split(",")] for name, text in EVENTS.items()}
TOPICS = {keccak(f"{name}({','.join(kind for kind, _ in FIELDS[name])})".encode()): name for name in EVENTS}


def decoded(topics: list[bytes], data: bytes) -> tuple[str, dict[str, Any]]:
    """An event's name and values: numbers as int, all else as 0x-hex."""
    name, values = TOPICS[topics[0]], {}
    plain, indexed = [data[n : n + 32] for n in range(0, len(data), 32)], topics[1:]
    for kind, field in FIELDS[name]:
        found = (indexed if field.startswith("*") else plain).pop(0)
        text = "0x" + (found[12:] if kind == "address" else found).hex()
        values[field.lstrip("*")] = int.from_bytes(found, "big") if kind.startswith("uint") else text
    return name, values


class Deposit:
    """What the events of one deposit for periods say so far; each has to follow from those before it."""

    FIRST = "Funded"

    def __init__(self) -> None:
        self.seq = self.total = self.gone = self.back = self.periods = self.is_disputed = self.is_closed = 0
        self.start: dict[str, Any] = {}

    def follow(self, name: str, said: dict[str, Any]) -> dict[str, int]:
        """The ledger lines of the next event. Says when an event between is missing, or one was put in."""
        before, self.seq = self.seq, said["seq"]
        odd = f"Event {self.seq} ({name}) does not follow event {before}: one was left out, or put in. {BETWEEN}"
        must(self.seq > before and self.is_closed == 0 and (name == self.FIRST) == (not before), odd)
        self.start = self.start or said
        return self.moved(name, said, self.total - self.gone, odd)

    def moved(self, name: str, said: dict[str, Any], left: int, odd: str) -> dict[str, int]:
        if name in {"Funded", "Renewed"}:
            amount, added = said.get("amount", said["total"]), said.get("added", said["periods"])
            self.total, self.periods = self.total + amount, self.periods + added
            must((said["total"], said["periods"]) == (self.total, self.periods), odd)
            return {"buyer": -amount, "escrow": amount}
        if name in {"Closed", "Disputed"}:
            must(left == said.get("contested", 0) + said.get("unearned", 0), odd)
            self.is_closed, self.is_disputed = int(name == "Closed"), 1
            return {}
        back = said.get("refund", said.get("amount", 0))
        lines = self.paid(said, back)
        must(name != "Resolved" or self.is_disputed == 1, odd)
        gone = -lines["escrow"]
        must(gone == left if name in {"Cancelled", "Resolved"} else gone <= left, odd)
        must(name != "Refunded" or said["left"] == left - back, odd)
        if name == "Released":
            over = (said["releasedThrough"] - self.start["startedAt"]) // self.start["periodSeconds"]
            must(self.gone // self.start["pricePerPeriod"] == over, odd)
        return lines

    def paid(self, said: dict[str, Any], back: int) -> dict[str, int]:
        """What leaves the deposit: to the provider, the fee that was agreed to, and back to the buyer."""
        gross, fee, net = (said.get(part, 0) for part in ("gross", "fee", "net"))
        self.gone, self.back = self.gone + gross + back, self.back + back
        as_agreed = (fee + net, gross * self.start["feeBps"] // 10_000)
        must((gross, fee) == as_agreed, f"The fee of event {self.seq} is not the one that was agreed to.")
        return {"escrow": -gross - back, "provider": net, "fees": fee, "buyer": back}


class Channel(Deposit):
    """The same of a deposit for calls. `claims` are (event, what was claimed by then, what was put in by then)."""

    FIRST = "ChannelOpened"

    def __init__(self) -> None:
        super().__init__()
        self.is_closing, self.claims = 0, list[tuple[int, int, int]]()

    def moved(self, name: str, said: dict[str, Any], left: int, odd: str) -> dict[str, int]:
        if name in {"ChannelOpened", "ChannelToppedUp"}:
            amount = said.get("amount", said["deposit"])
            self.total += amount
            must(said["deposit"] == self.total and self.is_closing == 0, odd)
            return {"buyer": -amount, "escrow": amount}
        if name == "ChannelCloseRequested":
            must(said["left"] == left and self.is_closing == 0, odd)
            self.is_closing = 1
            return {}
        lines = self.paid(said, said.get("refund", 0))
        if name == "ChannelClosed":
            must(said["refund"] == left, odd)
            self.is_closed = 1
            return lines
        must(said["claimed"] == self.gone <= self.total, odd)
        self.claims.append((self.seq, self.gone, self.total))
        return lines
