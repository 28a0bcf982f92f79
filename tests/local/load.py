"""`python -m tests.local.load`, inside a market's environment: people write and the market pays, until stdin ends.

Says a line of JSON for each thing that was acknowledged, with the machine's monotonic time in seconds; its last line
says what of all that is not there in the end.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from collections import Counter
from typing import Any
from urllib.parse import urlencode, urlsplit

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import DatabaseError, connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from chain.models import OutgoingTransaction, State  # noqa: E402
from chain.outbox import submit  # noqa: E402
from marketplace.accounts.models import User  # noqa: E402
from marketplace.audit.models import Wording  # noqa: E402
from marketplace.catalog.models import SavedList  # noqa: E402
from marketplace.organizations.models import Membership  # noqa: E402
from marketplace.tenancy.scope import as_system  # noqa: E402
from settings.local import rpc  # noqa: E402
from tests.chain.local_chain import fresh_address  # noqa: E402

MARK = uuid.uuid4().hex[:8]
PAUSE = 0.05
PATIENCE = 90.0
TOKEN = "a" * 32
UNREACHED = (OSError, http.client.HTTPException)
stopped = threading.Event()
mouth = threading.Lock()


def say(what: str, name: str) -> None:
    with mouth:
        sys.stdout.write(json.dumps({"at": time.monotonic(), "what": what, "name": name}) + "\n")
        sys.stdout.flush()


class Writer(threading.Thread):
    """Somebody who gives a list one name after the other, through the page."""

    def __init__(self, number: int, session: str, org: Any) -> None:
        super().__init__()
        with transaction.atomic(), as_system("the load makes a list of its own"):
            made = SavedList.objects.create(org=org, name=f"{MARK} {number}", created_by=None)
        self.path = f"/o/{org.slug}/saved/{made.pk}/edit/"
        self.cookies = f"sessionid={session}; csrftoken={TOKEN}"
        self.number = number
        self.acknowledged: list[str] = []

    def run(self) -> None:
        turn = 0
        while not stopped.wait(PAUSE):
            turn += 1
            name = f"{MARK} {self.number} {turn}"
            try:
                done = self.write(name)
            except UNREACHED:
                continue
            if done:
                self.acknowledged.append(name)
                say("page", name)

    def write(self, name: str) -> bool:
        where = http.client.HTTPConnection(urlsplit(settings.BASE_URL).netloc, timeout=5)
        headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            where.request("POST", self.path, urlencode({"name": name, "csrfmiddlewaretoken": TOKEN}), headers)
            return where.getresponse().status == http.client.FOUND
        finally:
            where.close()


class Payer(threading.Thread):
    """The market, which leaves payments to be sent and watches them."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self.open: set[int] = set()

    def run(self) -> None:
        number = int(MARK, 16) << 32
        while not stopped.wait(4 * PAUSE):
            number += 1
            try:
                with transaction.atomic():
                    submit(key=key(number), to=fresh_address(number), data=b"", value=7)
            except DatabaseError:
                connection.close()
                continue
            self.acknowledged.append(number)
            self.open.add(number)
            say("left", str(number))
            self.look()
        connection.close()

    def look(self) -> None:
        """Say which ones are on the chain by now."""
        try:
            under_way = set(unfinished().values_list("key", flat=True))
        except DatabaseError:
            connection.close()
            return
        for number in [number for number in self.open if key(number) not in under_way]:
            self.open.discard(number)
            say("paid", str(number))


def key(number: int) -> str:
    return f"load {number:x}"


def unfinished() -> Any:
    return OutgoingTransaction.objects.filter(key__startswith="load ").exclude(state__in=(State.MINED, State.FINAL))


def balance(number: int) -> int:
    found: str = rpc.call(
        settings.CHAINS[settings.CHAIN_ID]["rpc_url"], "eth_getBalance", fresh_address(number), "latest"
    )
    return int(found, 16)


def main() -> None:
    """Begin, go on until told to stop, then look for everything that was acknowledged."""
    with transaction.atomic(), as_system("the load works as somebody of the demo"):
        person = User.objects.get(email="ada@example.com")
        org = Membership.objects.of(person).select_related("org")[0].org
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = str(browser.session.session_key)
    writers, payer = [Writer(number, session, org) for number in range(2)], Payer()
    people: list[threading.Thread] = [*writers, payer]
    connection.close()  # its server will not live until it is needed again
    for each in people:
        each.start()
    sys.stdin.read()
    stopped.set()
    for each in people:
        each.join()
    until = time.monotonic() + PATIENCE
    while unfinished().exists() and time.monotonic() < until:
        time.sleep(0.2)
    with transaction.atomic(), as_system("the load looks for what it wrote"):
        kept = {words.get("name") for words in Wording.objects.filter(org_id=org.pk).values_list("words", flat=True)}
    paid = Counter(balance(number) for number in payer.acknowledged)
    lost = [name for writer in writers for name in writer.acknowledged if name not in kept]
    counts = {"written": sum(len(writer.acknowledged) for writer in writers), "left": len(payer.acknowledged)}
    say("end", json.dumps({"lost": lost, "paid": paid, **counts}))


if __name__ == "__main__":
    main()
