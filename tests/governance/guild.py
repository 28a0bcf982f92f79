"""A DAO of our own contracts on the local chain, and what people do in it."""

from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain import abi, watcher
from chain.client import client
from chain.models import Block
from chain.registry import register
from governance import services
from governance.models import NUMBERS, Governor, Proposal
from tests.chain.local_chain import CHAIN, LocalChain

NOBODY = "0x" + 40 * "0"
# anvil's accounts 0, 4, 5, 6 and 7
TREASURY = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TOM = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
UMA = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"
VIC = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"
STRANGER = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"
GUILD = 10**18
DELAY, PERIOD, EXTENSION, MIN_DELAY = 10, 100, 20, 50
THRESHOLD = 1_000 * GUILD
PARAMS = {"feeBps": 250, "treasury": TREASURY, "hold": 86_400, "arbiterTime": 7 * 86_400, "closeDelay": 86_400}


class Guild:
    """Tom holds 600,000, Uma 100,000, Vic 50,000 and a stranger nothing; the treasury the rest of a million."""

    def __init__(self, node: LocalChain) -> None:
        self.node = node
        self.start = node.head() + 1
        self.token = self.deploy("GuildToken", TREASURY, 1_000_000 * GUILD)
        self.timelock = self.deploy("GuildTimelock", MIN_DELAY, [], [NOBODY], self.deployer)
        settings = [DELAY, PERIOD, EXTENSION, THRESHOLD, 4]
        self.governor = self.deploy("GuildGovernor", self.token, self.timelock, *settings)
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            self.call("GuildTimelock", "grantRole", keccak(text=role), self.governor, to=self.timelock)
        self.escrow = self.deploy("MarketEscrow", self.timelock, *PARAMS.values())
        self.dollar = self.deploy("TestDollar")
        for holder, amount in ((TOM, 600_000), (UMA, 100_000), (VIC, 50_000)):
            self.call("GuildToken", "transfer", holder, amount * GUILD, to=self.token, sender=TREASURY)

    @property
    def deployer(self) -> str:
        from tests.chain.local_chain import MINTER

        return MINTER

    def deploy(self, name: str, *args: Any) -> str:
        return to_checksum_address(self.node.deploy(name, *args)[0])

    def register(self) -> None:
        names = {"GuildToken": self.token, "GuildTimelock": self.timelock, "GuildGovernor": self.governor}
        for name, address in {**names, "MarketEscrow": self.escrow, "TestDollar": self.dollar}.items():
            register(chain=CHAIN, name=name, address=address, deployed_block=self.start)

    def call(self, contract: str, function: str, *args: Any, to: str, sender: str | None = None) -> str:
        return self.send(to, abi.encode_call(contract, function, *args), sender or self.deployer)

    def send(self, to: str, data: bytes, sender: str) -> str:
        tx_hash = self.node.send(to, data, sender=sender)
        if self.node.automining and self.node.receipt(tx_hash)["status"] != "0x1":
            raise RuntimeError("The transaction was mined, and reverted.")
        return tx_hash

    def delegate(self, holder: str, to: str | None = None) -> None:
        self.call("GuildToken", "delegate", to or holder, to=self.token, sender=holder)

    def set_fee(self, bps: int) -> tuple[list[str], list[int], list[bytes]]:
        """The arrays of a proposal that changes the fee and nothing else."""
        data = abi.encode_call("MarketEscrow", "setParams", *{**PARAMS, "feeBps": bps}.values())
        return [self.escrow], [0], [data]

    def propose(self, calls: Any, text: str | bytes, sender: str = TOM) -> "Voting":
        raw = text.encode() if isinstance(text, str) else text
        targets, amounts, datas = calls
        data = propose_data(targets, amounts, datas, raw)
        self.send(self.governor, data, sender)
        return Voting(self, calls, raw)

    def copy(self) -> list[int]:
        """The watcher, then the mirror; what the mirror says has changed."""
        watcher.watch(CHAIN)
        return services.mirror(CHAIN)

    def pass_time(self, seconds: int) -> None:
        self.node.rpc("evm_increaseTime", seconds)
        self.node.mine()

    def row(self) -> Governor:
        return Governor.objects.get(chain=CHAIN, address__iexact=self.governor)


def propose_data(targets: list[str], amounts: list[int], datas: list[bytes], text: bytes) -> bytes:
    """The call of propose with a description of any bytes, also such that are no text."""
    import eth_abi

    kinds = ["address[]", "uint256[]", "bytes[]", "bytes"]
    return keccak(text="propose(address[],uint256[],bytes[],string)")[:4] + eth_abi.encode(
        kinds, [targets, amounts, datas, text]
    )


class Voting:
    """One proposal as the chain has it."""

    def __init__(self, guild: Guild, calls: Any, text: bytes) -> None:
        self.guild, self.calls, self.digest = guild, calls, keccak(text)
        self.id = self.read("getProposalId", *calls, self.digest)

    def read(self, function: str, *args: Any, block: str | int = "latest") -> Any:
        return client(CHAIN).read("GuildGovernor", function, *args, address=self.guild.governor, block=block)

    def vote(self, voter: str, support: int, reason: str = "", params: bytes | None = None) -> str:
        governor = self.guild.governor
        if params is not None:
            extra = (self.id, support, reason, params)
            return self.guild.call("GuildGovernor", "castVoteWithReasonAndParams", *extra, to=governor, sender=voter)
        if reason:
            return self.guild.call(
                "GuildGovernor", "castVoteWithReason", self.id, support, reason, to=governor, sender=voter
            )
        return self.guild.call("GuildGovernor", "castVote", self.id, support, to=governor, sender=voter)

    def act(self, function: str, sender: str = STRANGER) -> None:
        """queue, execute or cancel by the governor."""
        self.guild.call("GuildGovernor", function, *self.calls, self.digest, to=self.guild.governor, sender=sender)

    def row(self) -> Proposal:
        return Proposal.objects.select_related("governor__token").get(proposal_id=self.id)

    def same_as_contract(self) -> Proposal:
        """Assert that the mirror says what the contract says at the newest copied block."""
        row = self.row()
        block = Block.objects.filter(chain=CHAIN).order_by("-number").first()
        assert block is not None
        at = {"block": block.number}
        assert NUMBERS[row.state] == self.read("state", self.id, **at), row.state
        assert (row.votes_against, row.votes_for, row.votes_abstain) == tuple(self.read("proposalVotes", self.id, **at))
        assert row.vote_start == self.read("proposalSnapshot", self.id, **at)
        assert row.deadline == self.read("proposalDeadline", self.id, **at)
        assert (row.eta or 0) == self.read("proposalEta", self.id, **at)
        if row.quorum is not None:
            assert row.quorum == self.read("quorum", row.vote_start, **at)
        return row
