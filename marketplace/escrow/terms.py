"""What a wallet signs and sends for an order: the contract's terms, its id for them, and typed data. Pure functions."""

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain import abi
from marketplace.subscriptions.models import Order

TERMS = "(bytes32,address,address,uint256,uint32,uint32,uint16)"
DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
AUTHORIZATION = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "validAfter", "type": "uint256"},
    {"name": "validBefore", "type": "uint256"},
    {"name": "nonce", "type": "bytes32"},
]
PERMIT = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


def terms(order: Order) -> dict[str, Any]:
    """The contract's `Terms` of an order."""
    return {
        "orderRef": order.order_ref,
        "provider": order.provider_address,
        "token": order.currency.address,
        "pricePerPeriod": int(order.price),
        "periodSeconds": order.period_seconds,
        "periods": order.periods,
        "maxFeeBps": order.max_fee_bps,
    }


def chain_number(chain: str) -> int:
    """The EIP-155 number in a CAIP-2 id: eip155:31337 → 31337."""
    return int(chain.rpartition(":")[2])


def escrow_id(order: Order, *, buyer: str, contract: str) -> str:
    """The id that the contract will give this buyer's deposit, as 0x-hex: its `orderId`, computed here."""
    values = list(terms(order).values())
    values[0] = bytes.fromhex(order.order_ref[2:])
    number = chain_number(order.currency.chain)
    packed = encode(["uint256", "address", "address", TERMS], [number, contract, buyer, tuple(values)])
    return "0x" + keccak(packed).hex()


def valid_before(order: Order) -> int:
    """Unix time from which a signature for this order is worth nothing."""
    return int(order.expires_at.timestamp())


def _typed(order: Order, kind: str, fields: list[dict[str, str]], message: dict[str, str]) -> dict[str, Any]:
    currency = order.currency
    domain = {
        "name": currency.name,
        "version": currency.eip712_version,
        "chainId": chain_number(currency.chain),
        "verifyingContract": currency.address,
    }
    return {"types": {"EIP712Domain": DOMAIN, kind: fields}, "primaryType": kind, "domain": domain, "message": message}


def authorization(order: Order, *, buyer: str, contract: str) -> dict[str, Any]:
    """ERC-3009 `ReceiveWithAuthorization`: only the escrow can use it, and only for this order: its id is the nonce."""
    message = {
        "from": buyer,
        "to": contract,
        "value": str(order.amount),
        "validAfter": "0",
        "validBefore": str(valid_before(order)),
        "nonce": escrow_id(order, buyer=buyer, contract=contract),
    }
    return _typed(order, "ReceiveWithAuthorization", AUTHORIZATION, message)


def permit(order: Order, *, buyer: str, contract: str, nonce: int) -> dict[str, Any]:
    """ERC-2612 `Permit` for exactly the order's amount."""
    message = {
        "owner": buyer,
        "spender": contract,
        "value": str(order.amount),
        "nonce": str(nonce),
        "deadline": str(valid_before(order)),
    }
    return _typed(order, "Permit", PERMIT, message)


def domain_separator(name: str, version: str, chain: str, address: str) -> str:
    """The EIP-712 domain separator of a token, to be compared with what the token itself answers."""
    kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    kind = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    values = [kind, keccak(text=name), keccak(text=version), chain_number(chain), address]
    return "0x" + keccak(encode(kinds, values)).hex()


def call(to: str, chain: str, function: str, *args: Any, contract: str = "MarketEscrow") -> dict[str, str]:
    """A transaction for a wallet to send, as JSON: nothing but the call, no value."""
    data = "0x" + abi.encode_call(contract, function, *args).hex()
    return {"to": to, "data": data, "value": "0", "chainId": str(chain_number(chain))}


def split_signature(signature: str) -> tuple[int, str, str]:
    """v, r and s of a 65-byte signature; v in the form that contracts take. Raises ValueError for another length."""
    raw = bytes.fromhex(signature.removeprefix("0x"))
    if len(raw) != 65:
        raise ValueError("not 65 bytes")
    v = raw[64] + 27 if raw[64] < 27 else raw[64]
    return v, "0x" + raw[:32].hex(), "0x" + raw[32:64].hex()
