"""How long a vote takes from its block to pages that are open: block seen at the node, text changed in a browser."""

import json
import time
import uuid
from typing import Any

from playwright.sync_api import Page

from settings.local import rpc
from tests.governance.guild import PARAMS, TOM, UMA, propose_data
from tests.journeys.conftest import Market

VOTERS = (TOM, UMA)  # the two accounts to which the local market gives votes
# Notes when the reason of a vote first stands on the page, by the clock that this machine's processes share.
WATCH = """
mark => {
    const said = () => document.querySelector("#votes")?.textContent.includes(mark);
    window.seenAt = 0;
    const look = () => { if (!window.seenAt && said()) window.seenAt = Date.now() / 1000; };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
}
"""
FACTS = (
    "import json; from chain import abi; from chain.models import Contract as C; "
    "print('FACTS ' + json.dumps({name: C.objects.named(name).address for name in ('GuildGovernor', 'MarketEscrow')}))"
)
PATIENCE = 30.0


def measured(market: Market, page: Page, proposals: int, *, patience: float = PATIENCE) -> list[float]:
    """Seconds of two votes on each of so many new proposals, whose page is open in the browser."""
    said = market.manage("shell", "--no-imports", "-c", FACTS)
    facts = json.loads(next(line for line in said.splitlines() if line.startswith("FACTS "))[6:])
    made = [_proposed(market, facts) for _ in range(proposals)]
    market.manage("advance_time", "10s")
    page.set_default_timeout(patience * 1000)
    return [_seconds(market, page, facts["GuildGovernor"], number, voter) for number in made for voter in VOTERS]


def _send(market: Market, to: str, data: str, sender: str) -> Any:
    """The receipt, as soon as the node has it, and when that was."""
    url = market.env["CHAIN_RPC_URL"]
    sent = rpc.call(url, "eth_sendTransaction", {"from": sender, "to": to, "data": data})
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if receipt := rpc.call(url, "eth_getTransactionReceipt", sent):
            assert receipt["status"] == "0x1", "the contract refused"
            return time.time(), receipt
        time.sleep(0.005)
    raise TimeoutError("No block came.")


def _proposed(market: Market, facts: dict[str, str]) -> int:
    from chain import abi

    call = abi.encode_call("MarketEscrow", "setParams", *{**PARAMS, "feeBps": 300}.values())
    text = f"# Measured {uuid.uuid4().hex[:8]}\n\nTo be voted on at once."
    data = propose_data([facts["MarketEscrow"]], [0], [call], text.encode())
    _at, receipt = _send(market, facts["GuildGovernor"], "0x" + data.hex(), TOM)
    (log,) = receipt["logs"]
    return int(log["data"][2:66], 16)


def _seconds(market: Market, page: Page, governor: str, number: int, voter: str) -> float:
    from chain import abi

    mark = f"Measured {uuid.uuid4().hex[:8]}"
    _open(page, f"{market.url}/governance/guild-governor/{number}/")
    page.evaluate(WATCH, mark)
    data = abi.encode_call("GuildGovernor", "castVoteWithReason", number, 1, mark)
    at, _receipt = _send(market, governor, "0x" + data.hex(), voter)
    page.wait_for_function("() => window.seenAt > 0")
    return float(page.evaluate("() => window.seenAt")) - at


def _open(page: Page, url: str) -> None:
    """The page with its socket, once the mirror has the proposal and its vote has begun."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = page.goto(url)
        if answer and answer.ok and page.get_by_text("left to vote").count():
            page.wait_for_timeout(500)  # for its socket to be open
            return
        time.sleep(0.5)
    raise TimeoutError(f"No vote is open at {url}.")
