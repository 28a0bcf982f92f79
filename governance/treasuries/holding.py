"""What accounts have at a block, by question: tokens, the chain's own coin, and what escrows owe them."""

from __future__ import annotations

from collections.abc import Sequence

from chain import rpc
from chain.client import Client
from chain.models import Contract
from chain.questions import Questions
from governance.facts import ESCROW
from governance.models import Holding, Token, Treasury


def holdings(
    node: Client, treasury: Treasury, tokens: Sequence[Token], escrows: Sequence[Contract], block: int
) -> list[Holding]:
    """All that is not nothing; raises what the node raises."""
    accounts = list(treasury.accounts)
    asked = Questions()
    for account in accounts:
        for token in tokens:
            asked.ask((account, "", token), "GuildToken", "balanceOf", account, address=token.address)
            for escrow in escrows:
                place = (account, escrow.address, token)
                asked.ask(place, ESCROW, "credits", token.address, account, address=escrow.address)
    answers = asked.answers(node, block)
    coins = node.node.batch([("eth_getBalance", [account, hex(block)]) for account in accounts])
    found: dict[object, int | None] = {
        (account, "", None): rpc.number(raw) for account, raw in zip(accounts, coins, strict=True)
    }
    return [
        Holding(treasury=treasury, account=account, escrow=escrow, token=token, amount=amount)
        for (account, escrow, token), amount in (found | answers).items()
        if amount
    ]
