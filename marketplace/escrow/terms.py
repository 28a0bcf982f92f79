"""What a wallet signs and sends for an order: the contract's terms, its id for them, and typed data. Pure functions."""

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain import abi
from marketplace.catalog.models import Currency
from marketplace.escrow.models import Channel, Escrow
from marketplace.subscriptions.models import Order

CHANNEL_TERMS = "(bytes32,address,address,address,uint256,uint16)"
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
USAGE_RECEIPT = [{"name": "channelId", "type": "bytes32"}, {"name": "cumulative", "type": "uint256"}]


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


def channel_terms(order: Order) -> dict[str, Any]:
    """The contract's `ChannelTerms` of an order of calls."""
    return {
        "channelRef": order.order_ref,
        "provider": order.provider_address,
        "signer": order.signer,
        "token": order.currency.address,
        "deposit": order.amount,
        "maxFeeBps": order.max_fee_bps,
    }


def channel_id(order: Order, *, payer: str, contract: str) -> str:
    """The id that the contract will give this payer's channel, as 0x-hex: its `channelId`, computed here."""
    values = list(channel_terms(order).values())
    values[0] = bytes.fromhex(order.order_ref[2:])
    number = chain_number(order.currency.chain)
    packed = encode(["uint256", "address", "address", CHANNEL_TERMS], [number, contract, payer, tuple(values)])
    return "0x" + keccak(packed).hex()


def renewal_id(escrow: Escrow, periods: int) -> str:
    """The contract's `renewalId`: what makes a signature add these periods once, to the deposit as it is now."""
    kinds = ["uint256", "address", "bytes32", "uint32", "uint32"]
    known = bytes.fromhex(escrow.escrow_id[2:])
    values = [chain_number(escrow.chain), escrow.contract, known, escrow.periods, periods]
    return "0x" + keccak(encode(kinds, values)).hex()


def _domain(name: str, version: str, chain: str, address: str) -> dict[str, Any]:
    return {"name": name, "version": version, "chainId": chain_number(chain), "verifyingContract": address}


def _token(currency: Currency) -> dict[str, Any]:
    return _domain(currency.name, currency.eip712_version, currency.chain, currency.address)


def _typed(domain: dict[str, Any], kind: str, fields: list[dict[str, str]], message: dict[str, str]) -> dict[str, Any]:
    return {"types": {"EIP712Domain": DOMAIN, kind: fields}, "primaryType": kind, "domain": domain, "message": message}


def usage_receipt(channel: Channel, cumulative: int) -> dict[str, Any]:
    """What is signed for a receipt over so many base units in all; its hash is the contract's `receiptHash`."""
    domain = _domain("MarketEscrow", "1", channel.chain, channel.contract)
    message = {"channelId": channel.channel_id, "cumulative": str(cumulative)}
    return _typed(domain, "UsageReceipt", USAGE_RECEIPT, message)


def authorization(
    currency: Currency, *, buyer: str, contract: str, amount: int, until: int, nonce: str
) -> dict[str, Any]:
    """ERC-3009 `ReceiveWithAuthorization` of base units, until a Unix time: only the contract can use it, and its
    `nonce`, 0x-hex of 32 bytes, says for what."""
    message = {
        "from": buyer,
        "to": contract,
        "value": str(amount),
        "validAfter": "0",
        "validBefore": str(until),
        "nonce": nonce,
    }
    return _typed(_token(currency), "ReceiveWithAuthorization", AUTHORIZATION, message)


def permit(currency: Currency, *, buyer: str, contract: str, amount: int, until: int, nonce: int) -> dict[str, Any]:
    """ERC-2612 `Permit` for exactly so many base units, until a Unix time; `nonce` is the token's count."""
    message = {
        "owner": buyer,
        "spender": contract,
        "value": str(amount),
        "nonce": str(nonce),
        "deadline": str(until),
    }
    return _typed(_token(currency), "Permit", PERMIT, message)


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
