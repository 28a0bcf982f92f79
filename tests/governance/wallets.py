"""Keys of anvil's accounts, and what a wallet signs with them."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.governance.guild import STRANGER, TOM, UMA, VIC

KEYS = {
    TOM: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    UMA: "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    VIC: "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    STRANGER: "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbbed7cbb56",
}


def sign(typed: dict[str, Any], account: str) -> str:
    """What eth_signTypedData_v4 answers."""
    signed = Account.sign_message(encode_typed_data(full_message=typed), KEYS[account])
    return "0x" + bytes(signed.signature).hex()
