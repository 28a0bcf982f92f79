"""What the crash tests' workers do: watch, send, and pay as it is often written."""

import django

from tests.workers import serve


def naive(chain: str) -> None:
    """How payouts are often written: send, then write down that it was sent. The control: it must pay twice."""
    from chain.client import client
    from chain.failpoints import failpoint
    from chain.models import OutgoingTransaction
    from chain.signing import Fees, signer

    node, account = client(chain), signer()
    for row in OutgoingTransaction.objects.filter(refusal="").order_by("pk"):
        nonce = int(node.rpc("eth_getTransactionCount", account.address, "pending"), 16)
        signed = account.sign(
            chain_id=31337, nonce=nonce, to=row.to, data=b"", value=row.value, gas=21_000, fees=Fees(10**11, 10**9)
        )
        node.rpc("eth_sendRawTransaction", "0x" + signed.raw.hex())
        failpoint("sender.after_broadcast")
        OutgoingTransaction.objects.filter(pk=row.pk).update(refusal="done")


def send() -> None:
    """Rounds enough for what is signed in one to be looked for in another."""
    from chain import sender

    for _ in range(3):
        sender.send()


def main() -> None:
    django.setup()
    from django.conf import settings

    from chain import watcher
    from chain.signing import signer

    signer()
    serve({"watch": watcher.watch, "send": send, "naive": lambda: naive(settings.CHAIN_ID)})  # type: ignore[dict-item]


if __name__ == "__main__":
    main()
