"""What a token contract says of itself, asked with care: it may be any contract, and may say anything."""

from typing import Any

from chain.client import CallRefused, client
from marketplace.catalog.currencies import TokenFacts
from marketplace.escrow.terms import domain_separator

ERC20 = "TestDollar"  # our artefact with the functions of ERC-20, ERC-2612, ERC-3009 and ERC-5267
ZERO = "0x" + 40 * "0"
LARGEST_DECIMALS = 36


def token_facts(chain: str, address: str) -> TokenFacts | None:
    """Symbol, name and decimals, and which signatures it takes; None for a contract that does not answer as a token.

    Signatures count only if the token's own EIP-712 domain is the one that we would sign for.
    Raises NodeUnreachable when the node does not answer.
    """
    symbol, name = _asked(chain, address, "symbol"), _asked(chain, address, "name")
    decimals = _asked(chain, address, "decimals")
    if not isinstance(symbol, str) or not isinstance(name, str) or not isinstance(decimals, int):
        return None
    if not symbol or decimals > LARGEST_DECIMALS:
        return None
    version = _version(chain, address)
    ours = domain_separator(name, version, chain, address)
    signs = ours == _asked(chain, address, "DOMAIN_SEPARATOR")
    return TokenFacts(
        symbol=symbol,
        name=name,
        decimals=decimals,
        eip712_version=version,
        takes_authorization=signs and _asked(chain, address, "authorizationState", ZERO, bytes(32)) is not None,
        takes_permit=signs and _asked(chain, address, "nonces", ZERO) is not None,
    )


def _version(chain: str, address: str) -> str:
    domain = _asked(chain, address, "eip712Domain")
    return str(domain.version) if domain else "1"


def _asked(chain: str, address: str, function: str, *args: object) -> Any:
    try:
        return client(chain).read(ERC20, function, *args, address=address)
    except (CallRefused, ValueError, LookupError, OverflowError):  # no such function, or an answer of another shape
        return None
