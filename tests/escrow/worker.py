"""Worker processes of the kill campaign, forked from one that has loaded everything: starting takes milliseconds.

Reads lines `<work> <FAILPOINT>` and answers each with the exit code of a child process of its own, killed or not.
"""

import os
import sys

import django


def naive() -> None:
    """How books are often kept: write the money down, then write down how far one has read. It must count twice."""
    from django.db import transaction
    from django.db.models import F

    from chain.failpoints import failpoint
    from chain.models import Contract, Cursor, Log
    from marketplace.escrow.models import Credit
    from marketplace.tenancy.scope import as_system

    contract = Contract.objects.named("MarketEscrow")
    cursor, _ = Cursor.objects.get_or_create(name="naive")
    for log in Log.objects.of(contract).final().after(cursor).in_order():
        event = log.decoded
        if event and event.name == "Released":
            with transaction.atomic(), as_system("the naive control"):
                mine = Credit.objects.filter(contract=contract.address, address=event.args["provider"])
                mine.update(credited=F("credited") + event.args["net"])
        failpoint("escrow.settle.after_event")
        cursor.advance(log)


def work(kind: str) -> None:
    from chain import sender, watcher
    from marketplace.escrow import services

    {
        "watch": watcher.watch,
        "send": sender.send,
        "settle": services.settle,
        "release": services.release_matured,
        "naive": naive,
    }[kind]()


def forked(kind: str, failpoint: str) -> int:
    child = os.fork()
    if child == 0:
        os.environ["FAILPOINT"] = failpoint
        try:
            work(kind)
        except BaseException as problem:
            sys.stderr.write(f"{kind} {failpoint}: {problem!r}\n")
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
    from marketplace.escrow import services  # noqa: F401

    signer()
    say("ready")
    for line in sys.stdin:
        kind, failpoint = line.rstrip("\n").split(" ")
        say(str(forked(kind, failpoint)))


if __name__ == "__main__":
    main()
