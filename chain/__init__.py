"""Everything that touches an EVM node: blocks and logs coming in, transactions going out."""

import sys

_limit = sys.getrecursionlimit()
import py_ecc  # noqa: E402, F401

# py_ecc, which comes with eth-account, lifts Python's recursion limit to 100,000 when it is first imported. With that,
# a JSON text that is nested deeply enough ends the process instead of raising RecursionError. So it is undone here.
sys.setrecursionlimit(_limit)
