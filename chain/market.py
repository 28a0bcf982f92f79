"""Put the market's contracts on a local chain, with play money and votes for its people."""

from typing import Any

from django.db import transaction
from eth_utils.address import to_checksum_address

from chain import abi
from chain.client import Client
from chain.failpoints import LOCAL_CHAINS
from chain.models import Contract
from chain.registry import register

CONTRACTS = ("GuildToken", "GuildTimelock", "GuildGovernor", "MarketEscrow", "TestDollar")
NOBODY = "0x" + "0" * 40
DAY, HOUR = 86_400, 3_600
GUILD, DOLLAR = 10**18, 10**6
SUPPLY = 1_000_000 * GUILD
MIN_DELAY = 10
VOTING_DELAY, VOTING_PERIOD, LATE_QUORUM, THRESHOLD, QUORUM_PERCENT = 5, 180, 60, 100 * GUILD, 4
FEE_BPS, HOLD, ARBITER_TIME, CLOSE_DELAY = 250, DAY, 3 * DAY, HOUR
PLAY_MONEY = 10_000 * DOLLAR
ARBITERS = (3, 6)  # the moderator's own wallet, and the key of the outbox
VOTERS = {4: 300_000 * GUILD, 5: 200_000 * GUILD}


class CannotDeploy(Exception):
    """Why the market's contracts cannot be put on this chain, and what to do."""


def require_local(chain: str) -> None:
    """Raise CannotDeploy unless the chain is one of those that exist on one machine only."""
    if chain not in LOCAL_CHAINS:
        raise CannotDeploy(f"{chain} is not a local chain. This command works on {' and '.join(LOCAL_CHAINS)} only.")


def deployed(client: Client) -> bool:
    """Whether the registered contracts are on the chain; raises CannotDeploy when the chain has lost them."""
    rows = list(Contract.objects.filter(chain=client.chain, name__in=CONTRACTS))
    if not rows:
        return False
    lost = [row for row in rows if not client.code(row.address)]
    if lost:
        raise CannotDeploy(
            f"The database knows {lost[0].name} at {lost[0].address}, but the chain has no contract there: "
            "the chain was reset. Its money and rights are gone too, so reset the database with it: bin/up --reset."
        )
    return True


def deploy(client: Client) -> list[Contract]:
    """All contracts, their roles, play money and votes; then their rows, in one transaction."""
    require_local(client.chain)
    client.check_chain()
    site = Site(client)
    token = site.create("GuildToken", site.deployer, SUPPLY)
    timelock = site.create("GuildTimelock", 0, [site.deployer], [NOBODY], site.deployer)
    governor = site.create(
        "GuildGovernor", token, timelock, VOTING_DELAY, VOTING_PERIOD, LATE_QUORUM, THRESHOLD, QUORUM_PERCENT
    )
    escrow = site.create("MarketEscrow", timelock, FEE_BPS, timelock, HOLD, ARBITER_TIME, CLOSE_DELAY)
    dollar = site.create("TestDollar")
    _first_decision(site, timelock, escrow, dollar)
    _hand_over(site, timelock, governor)
    _give(site, token, dollar)
    with transaction.atomic():
        return [register(chain=client.chain, **entry) for entry in site.created]


def _first_decision(site: "Site", timelock: str, escrow: str, dollar: str) -> None:
    """Accept the play dollar, name the arbiters, set the timelock's delay: what votes decide later."""
    calls = (
        [escrow, *[escrow] * len(ARBITERS), timelock],
        [0] * (len(ARBITERS) + 2),
        [
            abi.encode_call("MarketEscrow", "setToken", dollar, True),
            *(abi.encode_call("MarketEscrow", "setArbiter", site.accounts[arbiter], True) for arbiter in ARBITERS),
            abi.encode_call("GuildTimelock", "updateDelay", MIN_DELAY),
        ],
        bytes(32),
        bytes(32),
    )
    site.send(timelock, abi.encode_call("GuildTimelock", "scheduleBatch", *calls, 0))
    site.send(timelock, abi.encode_call("GuildTimelock", "executeBatch", *calls))


def _hand_over(site: "Site", timelock: str, governor: str) -> None:
    """From here on the timelock obeys the governor alone."""
    proposer, canceller, admin = (
        site.client.read("GuildTimelock", role, address=timelock)
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE")
    )
    for function, role, account in (
        ("grantRole", proposer, governor),
        ("grantRole", canceller, governor),
        ("revokeRole", proposer, site.deployer),
        ("revokeRole", canceller, site.deployer),
        ("renounceRole", admin, site.deployer),
    ):
        site.send(timelock, abi.encode_call("GuildTimelock", function, role, account))


def _give(site: "Site", token: str, dollar: str) -> None:
    """Play money to the five people, votes to two of them, delegated to themselves."""
    for person in range(1, 6):
        site.send(dollar, abi.encode_call("TestDollar", "mint", site.accounts[person], PLAY_MONEY))
    for person, amount in VOTERS.items():
        voter = site.accounts[person]
        site.send(token, abi.encode_call("GuildToken", "transfer", voter, amount))
        site.send(token, abi.encode_call("GuildToken", "delegate", voter), sender=voter)


class Site:
    """A local chain whose node signs for its own accounts; a block is mined for every transaction."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.accounts: list[str] = client.rpc("eth_accounts")
        if len(self.accounts) < 7:
            raise CannotDeploy("The node does not sign for seven accounts. Use anvil with its own accounts.")
        self.deployer = self.accounts[0]
        self.created: list[dict[str, Any]] = []

    def send(self, to: str | None, data: bytes, sender: str | None = None) -> dict[str, Any]:
        """The receipt; raises CannotDeploy when the transaction was reverted."""
        call = {"from": sender or self.deployer, "data": "0x" + data.hex(), **({"to": to} if to else {})}
        tx_hash = self.client.rpc("eth_sendTransaction", call)
        receipt = self.client.rpc("eth_getTransactionReceipt", tx_hash)
        while receipt is None:
            self.client.rpc("evm_mine")
            receipt = self.client.rpc("eth_getTransactionReceipt", tx_hash)
        if int(receipt["status"], 16) != 1:
            raise CannotDeploy(f"The transaction {tx_hash} was reverted.")
        return dict(receipt)

    def create(self, name: str, *args: Any) -> str:
        """The address of a new contract."""
        receipt = self.send(None, abi.encode_deployment(name, *args))
        address = to_checksum_address(receipt["contractAddress"])
        self.created.append({"name": name, "address": address, "deployed_block": int(receipt["blockNumber"], 16)})
        return address
