"""Sentences of known calls, by contract and function; "*" is any contract that has the function."""

from collections.abc import Callable

from governance.tellers import market, money, rights, voting
from governance.tellers.told import Call, Change, Told

TELLERS: dict[tuple[str, str], Callable[[Call], Told | None]] = {
    **market.TELLERS,
    **voting.TELLERS,
    **rights.TELLERS,
    **money.TELLERS,
}

__all__ = ["TELLERS", "Call", "Change", "Told"]
