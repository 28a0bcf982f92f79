"""Our contracts in Python: compiled artefacts, calls in, results, logs and errors out. Loads no web3."""

from chain.abi.artefacts import artefact
from chain.abi.codec import decode_result, encode_call, encode_deployment
from chain.abi.errors import decode_error
from chain.abi.events import Event, decode_log

__all__ = [
    "Event",
    "artefact",
    "decode_error",
    "decode_log",
    "decode_result",
    "encode_call",
    "encode_deployment",
]
