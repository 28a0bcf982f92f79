"""A signer in a process of its own, behind a Unix socket: what a company's key service looks like to the sender.

`python -m tests.chain.remote_signer PATH [lie]` serves the relayer's key; told to lie, it signs another payment.
"""

import json
import os
import socket
import sys

from chain.signing import CannotSign, Fees, Signed
from tests.chain.local_chain import MINTER, RELAYER, relayer


class SocketSigner:
    """The seam's other side: named by RELAYER_SIGNER."""

    address = RELAYER

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        asked = {"chain_id": chain_id, "nonce": nonce, "to": to, "data": data.hex(), "value": value, "gas": gas}
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(os.environ["TEST_SIGNER_SOCKET"])
                line.sendall(json.dumps({**asked, "fees": list(fees)}).encode() + b"\n")
                answer = json.loads(line.makefile().readline())
        except (OSError, ValueError) as problem:
            raise CannotSign(f"The signer of {self.address} does not answer.") from problem
        return Signed(bytes.fromhex(answer["raw"]), answer["tx_hash"])


def main(path: str, *words: str) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        line, _ = server.accept()
        asked = json.loads(line.makefile().readline())
        asked |= {"data": bytes.fromhex(asked["data"]), "fees": Fees(*asked["fees"])}
        if "lie" in words:
            asked["to"] = MINTER
        signed = relayer().sign(**asked)
        line.sendall(json.dumps({"raw": signed.raw.hex(), "tx_hash": signed.tx_hash}).encode() + b"\n")
        line.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
