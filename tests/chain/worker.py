"""Worker processes of the crash tests, forked from one that has loaded everything: starting takes milliseconds.

Reads lines `<work> <FAILPOINT>` and answers each with the exit code of a child process of its own, killed or not.
"""

import os
import sys

import django


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


def work(kind: str) -> None:
    from django.conf import settings

    from chain import sender, watcher

    if kind == "watch":
        watcher.watch()
    elif kind == "send":
        for _ in range(3):
            sender.send()
    else:
        naive(settings.CHAIN_ID)


def forked(kind: str, failpoint: str) -> int:
    child = os.fork()
    if child == 0:
        os.environ["FAILPOINT"] = failpoint
        try:
            work(kind)
        except BaseException as problem:
            sys.stderr.write(f"{problem!r}\n")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    django.setup()
    from chain import sender, watcher  # noqa: F401
    from chain.signing import signer

    signer()
    say("ready")
    for line in sys.stdin:
        kind, failpoint = line.rstrip("\n").split(" ")
        say(str(forked(kind, failpoint)))


if __name__ == "__main__":
    main()
