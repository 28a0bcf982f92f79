"""What the workers of the kill campaign do: the money path's stages, and keeping books as it is often written."""

import django

from tests.workers import serve


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


def main() -> None:
    django.setup()
    from chain import sender, watcher
    from chain.signing import signer
    from marketplace.escrow import services
    from marketplace.escrow.services import receipts

    def calls() -> None:
        receipts.sign_receipts()
        receipts.claim_used()
        receipts.close_over()

    signer()
    stages = {"watch": watcher.watch, "send": sender.send, "settle": services.settle}
    serve({**stages, "release": services.release_matured, "calls": calls, "naive": naive})


if __name__ == "__main__":
    main()
