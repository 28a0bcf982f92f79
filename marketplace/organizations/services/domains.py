"""Whose domain it is: a token in its zone, looked up by the clock at the resolver that the operator chose."""

import ipaddress
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import dns.exception
import dns.resolver
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE
from marketplace.organizations.models import DomainCheck, Organization
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import SYSTEM, Actor
from marketplace.tenancy.scope import as_system

State = DomainCheck.State
SECONDS: Final = 5.0
MOST_TRIES: Final = 5
MOST_DOMAINS: Final = 5
AGAIN_AFTER: Final = timedelta(minutes=1)
LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
# Names that mean something only inside a network, or nothing at all (RFC 6761, 6762, 8375, 9476).
INWARD: Final = {"local", "localhost", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa"}
NOWHERE: Final = {"invalid", "test", "onion", "alt"}


def vetted(typed: str) -> str:
    """The domain in ASCII and lower case; raises Refused for addresses and for names that are not public domains."""
    name = typed.strip().rstrip(".").lower()
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        raise Refused(_("This is not a domain. Write it like example.com.")) from None
    labels = ascii_name.split(".")
    if len(labels) < 2 or len(ascii_name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise Refused(_("This is not a domain. Write it like example.com, without https:// and without a path."))
    if labels[-1] in INWARD | NOWHERE or labels[-1].isdigit() or _is_address(ascii_name):
        raise Refused(_("This is not a domain on the public internet."))
    return ascii_name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def ask_domain(actor: Actor, *, domain: str) -> DomainCheck:
    """Say that a domain is the organization's, or have it looked up again; the clock looks for the token."""
    domain = vetted(domain)
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        found = DomainCheck.objects.for_org(org.pk).filter(domain=domain).first()
        if found is None:
            if DomainCheck.objects.for_org(org.pk).count() >= MOST_DOMAINS:
                raise Refused(_("%(MOST_DOMAINS)s domains are enough.") % {"MOST_DOMAINS": MOST_DOMAINS})
            found = DomainCheck.objects.create(org=org, domain=domain, token=secrets.token_urlsafe(24))
            record(actor, "domain.named", found, domain=domain)
        elif found.state == State.FOUND:
            raise Refused(_("We have found your record at %(domain)s already.") % {"domain": domain})
        elif found.state == State.MISSING:
            found.move(State.PENDING, due_at=timezone.now(), tries=0)
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What the resolver said: the texts at the domain, or that it could not tell."""

    texts: tuple[str, ...] = ()
    problem: str = ""


def looked_up(domain: str) -> Answer:
    """Ask for the TXT records of `domain`, for at most five seconds."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_RESOLVER)
    if settings.DNS_RESOLVER:
        host, _, port = settings.DNS_RESOLVER.rpartition(":")
        resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
    resolver.lifetime = resolver.timeout = SECONDS
    try:
        answer = resolver.resolve(f"{domain}.", "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer()
    except (dns.exception.DNSException, OSError) as problem:
        return Answer(problem=type(problem).__name__)
    return Answer(tuple(b"".join(row.strings).decode(errors="replace") for row in answer))


def check_domains(*, most: int = 10, look_up: Callable[[str], Answer] = looked_up) -> int:
    """Look up what is due; answers how many. Rows are claimed for a minute, and asked about outside a transaction."""
    with transaction.atomic(), as_system("the clock looks up every organization's domain"):
        now = timezone.now()
        due = list(DomainCheck.objects.due(now).order_by("due_at").select_for_update(skip_locked=True)[:most])
        DomainCheck.objects.filter(pk__in=[check.pk for check in due]).update(due_at=now + AGAIN_AFTER)
    for check in due:
        _conclude(check.pk, look_up(check.domain))
    return len(due)


def _conclude(pk: int, answer: Answer) -> None:
    with transaction.atomic(), as_system("the clock looks up every organization's domain"):
        org_id = DomainCheck.objects.values_list("org_id", flat=True).get(pk=pk)
        org = Organization.objects.select_for_update().get(pk=org_id)
        check = DomainCheck.objects.select_for_update().get(pk=pk)
        if check.state != State.PENDING:
            return
        now = timezone.now()
        check.tries += 1
        if answer.problem and check.tries < MOST_TRIES:
            check.save(update_fields=["tries"])
            return
        seen = _seen(answer)
        if check.record in answer.texts:
            check.move(State.FOUND, seen=check.record, checked_at=now, tries=check.tries)
            org.domain, org.domain_checked_at = check.domain, now
            org.save(update_fields=["domain", "domain_checked_at"])
            record(SYSTEM, "domain.found", check, org_id=org.pk, domain=check.domain, seen=check.record)
        else:
            check.move(State.MISSING, seen=seen, checked_at=now, tries=check.tries)
            record(SYSTEM, "domain.missing", check, org_id=org.pk, domain=check.domain)


# What is stored; the page says it in the reader's language.
SAID: Final = (noop("%(number)s TXT record, none of them ours."), noop("%(number)s TXT records, none of them ours."))


def _seen(answer: Answer) -> str:
    if answer.problem:
        return noop("The name server of this domain gave no answer.")
    ours = [text for text in answer.texts if text.startswith("guildhall-verification=")]
    if ours:
        return f"A token of ours is there, but not this one: {ours[0]}"[:500]
    if answer.texts:
        number = len(answer.texts)
        return f"{number} TXT record{'s' if number > 1 else ''}, none of them ours."
    return noop("No TXT record at all.")
