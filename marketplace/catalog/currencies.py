"""The tokens that the escrow accepts; written by the escrow's settlement, when a vote has changed the list."""

from dataclasses import dataclass

from marketplace.catalog.models import Currency


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token contract says of itself."""

    symbol: str
    name: str
    decimals: int
    eip712_version: str = "1"
    takes_authorization: bool = False
    takes_permit: bool = False


def accept_currency(*, chain: str, address: str, accepted: bool, facts: TokenFacts | None) -> Currency:
    """Store whether the escrow takes a token; `facts` describe one that is not known yet, and refresh one that is.

    For the system, inside its transaction. Raises Currency.DoesNotExist for an unknown token without facts.
    """
    if facts is None:
        currency = Currency.objects.get(chain=chain, address=address)
        currency.accepted = accepted
        currency.save(update_fields=["accepted"])
        return currency
    described = {
        "symbol": facts.symbol[:16],
        "name": facts.name[:60],
        "decimals": facts.decimals,
        "eip712_version": facts.eip712_version[:8],
        "takes_authorization": facts.takes_authorization,
        "takes_permit": facts.takes_permit,
        "accepted": accepted,
    }
    currency, _ = Currency.objects.update_or_create(chain=chain, address=address, defaults=described)
    return currency
