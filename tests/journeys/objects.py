"""Every page of the site with something on it: run inside a market (`manage.py shell`), prints where to look as whom.

The addresses come from the URLconf, so that a new page is walked from the day on which it exists; one that needs an
object nobody has named here, or that turns out to be no page, stops the walk.
"""

import hashlib
import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client, RequestFactory, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from chain import abi
from chain.models import Contract
from governance import drafting
from governance.models import Comment, CommentReport, Discussion, Draft, Governor, Proposal
from marketplace.accounts import throttle
from marketplace.accounts.models import User, Wallet
from marketplace.accounts.proofs import PROVEN
from marketplace.catalog.models import Plan
from marketplace.escrow.models import LedgerEntry
from marketplace.gateway.models import Trial
from marketplace.moderation.models import ReviewCase
from marketplace.notifications import reading as notices
from marketplace.notifications.services import mail_token
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.services.inviting import token_of
from marketplace.reviews.models import Review
from marketplace.subscriptions.models import Order, Subscription
from settings.local import rpc
from tests import world
from tests.accounts.passkey import Device, asked_again
from tests.catalog import showing
from tests.governance.guild import PARAMS, TOM, UMA, VIC, propose_data
from tests.isolation.conftest import Trade, trade
from tests.journeys.pages import (
    BUYERS,
    CONSOLE,
    EXTRA,
    FOR_PROGRAMS,
    NO_PAGES,
    PROVIDERS,
    STRANGERS,
    VISITS,
    VOTERS,
)
from tests.reviews import trade as reviews
from tests.security.test_strangers import address

LONG_NAME = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz GmbH & Co. KG"
HERE = "127.0.0.1"

OF_A_DRAFT = ("send", "open", "opened", "close", "reopen")


@dataclass
class Cast:
    """A trade with everything around it; what stands in an address for each; sessions of the people by role."""

    trade: Trade
    proposal: Proposal
    more: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)


def addresses(found: list[URLPattern | URLResolver], before: str = "", space: str = "") -> dict[str, list[str]]:
    """Every name of the URLconf, and where it leads."""
    named: dict[str, list[str]] = {}
    for pattern in found:
        where = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            for name, places in addresses(pattern.url_patterns, where, inside).items():
                named.setdefault(name, []).extend(places)
        else:
            named.setdefault(space + (pattern.name or where), []).append(where)
    return named


def say() -> None:
    """Make the objects, then print a line of JSON: sessions by role, what to visit, and what is no page but said so."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        cast = _cast()
    visits: list[tuple[str, str, str]] = []
    others: list[str] = []
    for name, places in addresses(get_resolver().url_patterns).items():
        for where in places:
            if where.startswith(FOR_PROGRAMS):
                continue
            for role, path in _visits(name, where, cast):
                if name not in NO_PAGES:
                    visits.append((role, path, name))
                elif said := _is_a_page(path, cast.sessions.get(role)):
                    others.append(f"{name} is said to be no page, but {said}")
    visits += [(role, path.format(**cast.more), path) for role, paths in EXTRA.items() for path in paths]
    print("WALK " + json.dumps({"sessions": cast.sessions, "visits": visits, "wrong": others}))  # noqa: T201


def _is_a_page(path: str, session: str | None) -> str:
    """Whether somebody who goes there sees a whole page after all; how."""
    browser = Client(SERVER_NAME=HERE)
    if session:
        browser.cookies["sessionid"] = session
    answer: Any = browser.get(path)
    if answer.status_code != 200 or "text/html" not in answer.get("Content-Type", ""):
        return ""
    is_page = answer.content.lstrip()[:15].lower() == b"<!doctype html>"
    return f"{path} answers with one" if is_page else ""


def _visits(name: str, where: str, cast: Cast) -> list[tuple[str, str]]:
    """Who goes there, and the address with something in it."""
    found = cast.trade
    if role := VISITS.get(name):
        return [(role, _path(name, where, cast))]
    if "<slug:org>" in where:
        sides = {"buyer": found.buyer, "provider": found.provider}
        only = "buyer" if name in BUYERS else "provider" if name in PROVIDERS else ""
        chosen = [only] if only else sides
        return [(side, _path(name, where, cast, sides[side])) for side in chosen]
    path = _path(name, where, cast)
    if name in STRANGERS:
        return [("stranger", path)]
    space = path.split("/")[1]
    if space == "governance":
        return [(role, path) for role in VOTERS]
    return [(CONSOLE if space == "console" else "buyer" if space in {"accounts", "o", "inbox"} else "stranger", path)]


def _path(name: str, where: str, cast: Cast, org: Organization | None = None) -> str:
    for key, value in cast.values.items():
        of, _, part = key.rpartition(" ")
        if not of or of == name:
            where = where.replace(part, value)
    path = address(where, org, cast.trade) if org else "/" + where
    path = path.replace("^", "").replace("$", "")
    if "<" in path:
        raise LookupError(f"{name} {path}: say in tests/journeys/objects.py what stands for this")
    return path


def _cast() -> Cast:
    found = trade(f"Walk-{uuid.uuid4().hex[:5]}")
    more = _more(found)
    cast = Cast(found, _proposal(), more)
    more |= {"governor": cast.proposal.governor.address, "proposal": str(cast.proposal.proposal_id)}
    notices.read_entries()
    people = {
        "buyer": found.buyer_owner,
        "provider": found.provider_owner,
        "moderator": User.objects.get(email="mia@example.com"),
        "voter": User.objects.get(email="tom@example.com"),
        "colleague": _colleague(found),
        "new": world.person(f"New {uuid.uuid4().hex[:5]}"),
        "without": _without_password(),
    }
    cast.sessions = {role: _session(person) for role, person in people.items()}
    cast.sessions |= {"half": _half_in(found.buyer_owner), "wallet": _with_a_wallet(), "coded": _coded()}
    _values(cast)  # last: a link to a new password holds until the next sign-in
    return cast


@world.written
def _values(cast: Cast) -> None:
    """What stands for each part of an address; "name <part>" for one address alone."""
    found, owner = cast.trade, cast.trade.buyer_owner
    held = Authenticator.objects.filter(user=owner, type="webauthn").latest("pk")
    unconfirmed, _ = EmailAddress.objects.get_or_create(user=owner, email=f"new-{owner.email}")
    cast.values = {
        "gateway:trial <uuid:public_id>": str(Trial.objects.filter(org=found.buyer).latest("pk").public_id),
        "privacy:person_download <uuid:public_id>": str(found.export.public_id),
        "notifications:stop_mails <str:token>": mail_token(owner.pk, "orders"),
        "organizations:invitation <str:token>": token_of(found.invitation),
        r"account_confirm_email (?P<key>[-:\w]+)": EmailConfirmationHMAC(unconfirmed).key,
        r"account_reset_password_from_key (?P<key>.+)": default_token_generator.make_token(owner),
        r"(?P<uidb36>[0-9A-Za-z]+)": user_pk_to_url_str(owner),
        "<slug:governor>": cast.proposal.governor.slug,
        "<str:proposal_id>": str(cast.proposal.proposal_id),
        "<str:voter>": TOM,
        "governance:draft <slug:key>": drafting.begin(cast.proposal.governor),
        **dict.fromkeys([f"governance:draft_{name} <slug:key>" for name in OF_A_DRAFT], "no"),
        **_discussed(cast.proposal.governor),
        "<slug:digest>": found.picture.sha256,
        "<slug:rule>": "feeBps",
        "<str:tx_hash>": "0x" + "0" * 64,
        "<month:month>": f"{LedgerEntry.objects.filter(buyer=found.buyer).latest('pk').at:%Y-%m}",
        "<int:wallet_id>": str(Wallet.objects.filter(user=owner).latest("pk").pk),
        "<int:notice_id>": "1",
        "<int:case_id>": str(ReviewCase.objects.latest("pk").pk),
        "moderation:document <int:document_id>": str(found.document.pk),
        "disputes:case <uuid:public_id>": str(found.dispute.public_id),
        "disputes:case_evidence <uuid:public_id>": str(found.dispute.public_id),
        "disputes:resolve <uuid:public_id>": str(found.dispute.public_id),
        "disputes:resolved <uuid:public_id>": str(found.dispute.public_id),
        "disputes:case_file <uuid:public_id>": str(found.dispute.public_id),
        "disputes:case_file <int:file_id>": str(found.evidence_file.pk),
        "disputes:open <bytes32:escrow_id>": cast.more["disputable"],
        "reviews:moderate <int:review_id>": str(found.review.pk),
        "reviews:answer <int:review_id>": cast.more["review"],
        "reviews:write <slug:slug>": cast.more["settled"],
        "<int:pk>": str(held.pk),
    }
    # public addresses have no organization; below one, the organization's own stands for it
    public = ("landing", "catalog:listing", "catalog:history", "catalog:save_for", "subscriptions:start")
    public += ("gateway:try", "gateway:trial", "reviews:of_listing", "reports:report")
    cast.values |= {f"{name} <slug:slug>": found.listing.slug for name in public}


def _session(person: User) -> str:
    browser = Client(SERVER_NAME=HERE)
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return str(asked_again(world.sign_in(browser, person)).session.session_key)


def _half_in(person: User) -> str:
    """Who has typed the password and is asked for a second factor."""
    browser = Client(SERVER_NAME=HERE)
    browser.post("/accounts/login/", {"login": person.email, "password": world.PASSWORD})
    return str(browser.session.session_key)


def _coded() -> str:
    """Who is asked for a code by e-mail, because somebody guesses at the password from many places."""
    person, browser = world.person(f"Guessed {uuid.uuid4().hex[:5]}"), Client(SERVER_NAME=HERE)
    with suppress(throttle.TooMany):
        while True:
            throttle.consume(RequestFactory().get("/"), "sign_in_anywhere", person.email)
    browser.post("/accounts/login/", {"login": person.email, "password": world.PASSWORD})
    return str(browser.session.session_key)


def _with_a_wallet() -> str:
    """Who has shown a wallet that belongs to no account."""
    browser = Client(SERVER_NAME=HERE)
    session = browser.session
    session[PROVEN] = {"address": "0x" + uuid.uuid4().hex + uuid.uuid4().hex[:8], "at": time.time()}
    session.save()
    return str(session.session_key)


@world.written
def _colleague(found: Trade) -> User:
    """Somebody who works for both sides, and so is asked for which one."""
    person = world.person(f"Colleague {uuid.uuid4().hex[:5]}")
    for org in (found.buyer, found.provider):
        world.member(org, person, Membership.Role.ADMIN)
    return person


@world.written
def _without_password() -> User:
    person = world.person(f"Without {uuid.uuid4().hex[:5]}")
    person.set_unusable_password()
    person.save()
    return person


@world.written
def _more(found: Trade) -> dict[str, str]:
    """A settled trade that is reviewed and answered, an order that waits for payment, and long names."""
    Organization.objects.filter(pk=found.provider.pk).update(name=LONG_NAME)
    found.invitation.digest = hashlib.sha256(token_of(found.invitation).encode()).hexdigest()
    found.invitation.save(update_fields=["digest"])
    pictures = showing.pictures(world.actor(found.provider_owner, found.provider))
    settled = world.listing(found.provider, f"Settled {found.buyer.slug[-12:]}", media=pictures)
    bought = reviews.bought(found.buyer, settled)
    review = Review()
    for number in range(11):
        person, org = reviews.buyer(f"Reader {found.buyer.slug[-12:]} {number}", settled)
        review = reviews.write(world.actor(person, org), settled)
    first = Review.objects.filter(listing=settled).earliest("pk")
    reviews.answer(world.actor(found.provider_owner, found.provider), first)
    plan = world.plan(settled)
    order = Order.objects.create(
        buyer=found.buyer, provider=found.provider, listing=settled, plan=plan, currency=plan.currency,
        price=plan.price, period_seconds=plan.period_seconds, periods=1, max_fee_bps=250,
        provider_address=world.BEN_ADDRESS, order_ref="0x" + uuid.uuid4().hex * 2, expires_at=found.order.expires_at,
    )  # fmt: skip
    Subscription.objects.create(order=order, buyer=found.buyer, provider=found.provider, listing=settled)
    owner = found.buyer_owner
    Wallet.objects.create(user=owner, address="0x" + uuid.uuid4().hex + uuid.uuid4().hex[:8])
    TOTP.activate(owner, "GUILDHALLDEMOMIA")
    RecoveryCodes.activate(owner)
    passkey = {"name": "A key", "credential": Device(HERE).made("AAAA")}
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data=passkey)
    return {
        "slug": found.listing.slug, "settled": settled.slug, "buyer": found.buyer.slug, "review": str(review.pk),
        "provider": found.provider.slug, "placed": str(order.public_id), "plan": str(plan.pk),
        "disputable": bought.order_ref, **_another_plan(bought),
    }  # fmt: skip


def _another_plan(bought: Order) -> dict[str, str]:
    """A smaller plan beside that of a running order; and two orders of it, of which one runs in the other's place."""
    plan = Plan.objects.get(pk=bought.plan_id)
    plan.pk, plan.name, plan.price, plan.included_calls = None, "Smaller", int(plan.price) // 2, 100
    plan._state.adding = True
    plan.save(force_insert=True)
    both = {"buyer_id": bought.buyer_id, "provider_id": bought.provider_id, "listing_id": bought.listing_id}
    now, replaced = timezone.now(), None
    for _ in range(2):
        replaced = Order.objects.create(
            **both, plan=plan, currency_id=bought.currency_id, price=plan.price, period_seconds=plan.period_seconds,
            periods=1, max_fee_bps=250, provider_address=world.BEN_ADDRESS, order_ref="0x" + uuid.uuid4().hex * 2,
            expires_at=now, state="funded", replaces=replaced,
        )  # fmt: skip
        dates = {"starts_at": now, "ends_at": now + timedelta(days=30)}
        Subscription.objects.create(order=replaced, state="active", **both, **dates)
    assert replaced
    return {"running": str(bought.public_id), "smaller": str(plan.pk), "replacing": str(replaced.public_id)}


def _discussed(governor: Governor) -> dict[str, str]:
    """A draft with an answered and reported comment, one that was taken back and one that is hidden."""
    draft = Draft.objects.create(
        governor=governor, digest=uuid.uuid4().hex, title="Pay the arbiters", why="They **rule** for us.",
        calls=[[governor.address, "0", "0x12345678"]],
    )  # fmt: skip
    signed = {"power": 10**23, "signature": b"-", "said_at": 1}
    found = Discussion.objects.create(draft=draft, public_id=uuid.uuid4().hex[:16], account=TOM, **signed)
    first = Comment.objects.create(discussion=found, author=TOM, text="How *much*?", **signed)
    Comment.objects.create(discussion=found, author=UMA, text="Enough.", answers=first, **signed)
    source = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    CommentReport.objects.create(comment=first, category="other", text="It is not a question.", source=source)
    now = timezone.now()
    Comment.objects.create(discussion=found, author=UMA, withdrawn_at=now, **signed | {"signature": b"", "said_at": 2})
    hidden = {"text": "Buy my book.", "hidden_at": now, "hidden_why": "It is an advertisement."}
    Comment.objects.create(discussion=found, author=VIC, **hidden, **signed)
    return {"<slug:discussion>": found.public_id, "<int:comment>": str(first.pk)}


def _proposal() -> Proposal:
    """One that changes the fee, from Tom, who may propose; the market's worker mirrors it within seconds."""
    governor = Governor.objects.latest("pk")
    escrow = Contract.objects.named("MarketEscrow").address
    call = abi.encode_call("MarketEscrow", "setParams", *{**PARAMS, "feeBps": 300}.values())
    text = f"# Set the fee to 3 %\n\nThe arbiters **have to** be paid. {uuid.uuid4().hex[:8]}"
    data = propose_data([escrow], [0], [call], text.encode())
    sent = {"from": TOM, "to": governor.address, "data": "0x" + data.hex()}
    rpc.call(settings.CHAINS[settings.CHAIN_ID]["rpc_url"], "eth_sendTransaction", sent)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if made := Proposal.objects.select_related("governor").filter(description_bytes=text.encode()).first():
            return made
        time.sleep(0.3)
    raise LookupError("The proposal was not mirrored within half a minute.")
