"""What people do in a dispute, as the pages do it, on the real chain."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from chain import abi
from marketplace.disputes import services
from marketplace.disputes.models import Dispute, Ruling
from marketplace.disputes.papers import Piece, vetted
from marketplace.escrow.models import Escrow
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system
from tests import world
from tests.escrow.money import PERIOD, Market, acting, everything

WORDS = "Since Monday it answers nothing but errors, and nobody replies to us."
REASONS = "The record shows errors on most days; what worked before is to be paid."


class Case:
    """A deposit half-way through its first period, and everybody who has to do with it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.escrow = market.paid(periods=2)
        market.wait(PERIOD // 2)
        self.mia, self.max = (world.person(name, is_moderator=True) for name in ("Mia", "Max"))

    # ── the buyer ──
    def prepare(self, text: str = WORDS, pieces: tuple[Piece, ...] = (), actor: Actor | None = None) -> Dispute:
        actor = actor or self.market.buyer
        with acting(actor):
            said = {"category": "down", "text": text, "pieces": pieces}
            return services.prepare(actor, escrow_id=self.escrow.pk, **said)

    def file(self, dispute: Dispute) -> None:
        """The wallet sends what the server encoded."""
        with acting(self.market.buyer):
            call = services.dispute_call(self.market.buyer, dispute_id=dispute.pk, address=world.ADA_ADDRESS)
        self.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)

    def opened(self) -> Dispute:
        """A dispute with words, opened on the chain and known to be final."""
        dispute = self.prepare()
        self.file(dispute)
        self.settle()
        return self.now(dispute)

    # ── the others ──
    def answer(self, dispute: Dispute, text: str = "We repaired it on Tuesday.") -> None:
        with acting(self.market.provider):
            services.add_evidence(self.market.provider, dispute_id=dispute.pk, text=text)

    def answered(self) -> Dispute:
        dispute = self.opened()
        self.answer(dispute)
        return self.now(dispute)

    def propose(self, dispute: Dispute, bps: int = 6_000, by: Any = None) -> Ruling:
        with console():
            actor = moderator(by or self.mia)
            return services.propose(actor, dispute_id=dispute.pk, provider_bps=bps, reasons=REASONS)

    def confirm(self, dispute: Dispute, by: Any = None) -> Ruling:
        with console():
            return services.confirm(moderator(by or self.max), dispute_id=dispute.pk)

    # ── what follows ──
    def settle(self) -> None:
        """Everything that is on the chain becomes final, the books and the disputes follow."""
        self.market.tick()
        services.follow()

    def carry_out(self) -> None:
        """The outbox sends the ruling; it becomes final."""
        self.market.send()
        services.follow()

    def now(self, dispute: Dispute) -> Dispute:
        with everything():
            found = Dispute.objects.select_related("escrow__currency", "order__subscription", "buyer", "provider")
            return found.get(pk=dispute.pk)

    def deposit(self) -> Escrow:
        return self.market.deposit(self.escrow.order)

    def contract(self, function: str, *args: object, by: str) -> None:
        """A wallet calls the contract past the market."""
        data = abi.encode_call("MarketEscrow", function, self.escrow.escrow_id, *args)
        self.market.execute(self.market.escrow, data, sender=by)

    def address(self, name: str, dispute: Dispute, *more: object, provider: bool = False) -> str:
        org = self.market.workshop if provider else self.market.bakery
        return reverse(f"disputes:{name}", args=[org.slug, dispute.public_id, *more])


def console() -> Any:
    """As behind the moderators' door."""
    return everything()


def moderator(person: Any) -> Actor:
    return Actor(person.pk, role="moderator")


def paper(text: str = "GET / 500\n", name: str = "calls.txt") -> Piece:
    return vetted(SimpleUploadedFile(name, text.encode(), "text/plain"))


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def says(client: Client, url: str, **said: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(url, json.dumps(said), content_type="application/json")
    return answer.status_code, answer.json()


def rows(model: Any, **conditions: Any) -> list[Any]:
    with transaction.atomic(), as_system("the test looks"):
        return list(model.objects.filter(**conditions).order_by("pk"))
