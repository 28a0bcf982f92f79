"""A signed vote: the message that a wallet signs (EIP-712), the call that hands it in, and the file of both.

`castVoteWithReasonAndParamsBySig` with empty params keeps the reason and emits a plain VoteCast. Its nonce is keyed by
the proposal, and is used up by the vote itself: it is always the first one, so that no signature waits for another.
"""

from typing import Any, Final

from chain import abi
from chain.client import reference
from governance.models import Ballot, Governor

DOMAIN: Final = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
EXTENDED_BALLOT: Final = {
    "proposalId": "uint256",
    "support": "uint8",
    "voter": "address",
    "nonce": "uint256",
    "reason": "string",
    "params": "bytes",
}
VERSION: Final = "1"
KEY_BITS: Final = 192


def keyed_nonce(proposal_id: int) -> int:
    """What nonces(voter, uint192(proposalId)) answers until the voter has voted."""
    return (proposal_id % (1 << KEY_BITS)) << 64


def typed_data(name: str, governor: Governor, kind: str, fields: dict[str, str], message: dict[str, Any]) -> Any:
    """EIP-712 data for a wallet, in the domain of a contract of the governor's."""
    contract = governor.token.address if kind == "Delegation" else governor.address
    domain = {"name": name, "version": VERSION, "chainId": reference(governor.chain), "verifyingContract": contract}
    types = {"EIP712Domain": _fields(DOMAIN), kind: _fields(fields)}
    return {"types": types, "primaryType": kind, "domain": domain, "message": message}


def _fields(kinds: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def ballot_message(ballot: Ballot) -> Any:
    """What the voter signs; numbers as decimal text, for they exceed what JSON holds."""
    message = {
        "proposalId": str(ballot.proposal_id),
        "support": ballot.support,
        "voter": ballot.voter,
        "nonce": str(keyed_nonce(int(ballot.proposal_id))),
        "reason": ballot.reason,
        "params": "0x",
    }
    return typed_data(ballot.governor.name, ballot.governor, "ExtendedBallot", EXTENDED_BALLOT, message)


def ballot_call(ballot: Ballot) -> bytes:
    """The data with which anybody may hand it in."""
    words = (int(ballot.proposal_id), ballot.support, ballot.voter, ballot.reason, b"", bytes(ballot.signature))
    return abi.encode_call("GuildGovernor", "castVoteWithReasonAndParamsBySig", *words)


def ballot_file(ballot: Ballot) -> dict[str, Any]:
    """All that is needed to hand it in without this site."""
    governor = ballot.governor
    return {
        "what": "A signed vote. Send `transaction` from any account on the chain before voting ends, and it counts.",
        "chain": governor.chain,
        "governor": governor.address,
        "proposalId": str(ballot.proposal_id),
        "voter": ballot.voter,
        "support": ballot.support,
        "reason": ballot.reason,
        "params": "0x",
        "nonce": str(keyed_nonce(int(ballot.proposal_id))),
        "signature": "0x" + bytes(ballot.signature).hex(),
        "typedData": ballot_message(ballot),
        "transaction": {
            "to": governor.address,
            "data": "0x" + ballot_call(ballot).hex(),
            "value": "0",
            "chainId": reference(governor.chain),
        },
    }
