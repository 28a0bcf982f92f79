"""The console's page about the chain: what a moderator on watch sees, whatever has happened."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chain import alarms, budget
from chain.models import Contract, CopyPosition, GasDay, OutgoingTransaction, SendingAccount
from marketplace.audit.models import Entry
from marketplace.escrow.models import Reconciliation, Settlement
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db

PAGE = "/console/chain/"
CHAIN = "eip155:31337"
ESCROW = "0x" + 40 * "E"


@pytest.fixture
def mia(client: Client) -> Client:
    client.force_login(world.cast().mia)
    return client


def body(answer: Any) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def trouble(number: int = 1) -> None:
    """Everything that can be wrong, `number` times."""
    now = timezone.now()
    CopyPosition.objects.update_or_create(
        chain=CHAIN,
        defaults={
            "head_number": 120, "copied_number": 119, "final_number": 107, "caught_up_at": now,
            "frozen_at": now, "frozen_reason": "Block 100 was replaced.",
        },
    )  # fmt: skip
    for n in range(number):
        address = f"0x{n:040x}"
        Contract.objects.create(chain=CHAIN, name="MarketEscrow", address=address, deployed_block=1)
        Settlement.objects.create(chain=CHAIN, contract=address, seq=41, stopped="Event 42 is missing.", stopped_at=now)
        SendingAccount.objects.create(
            chain=CHAIN, address=address, next_nonce=n, balance=2 * 10**16, balance_at=now, is_low=True
        )
        OutgoingTransaction.objects.create(
            key=f"release:{n}", chain=CHAIN, to=ESCROW, state="failed", refusal="The order is closed."
        )
        alarms.sound("books", "Two figures differ.", subject=str(n))
        alarms.sound("balance", "Nearly empty.", subject=str(n))
        alarms.end("balance", subject=str(n))
        Reconciliation.objects.create(
            chain=CHAIN, began_at=now, ended_at=now, block=107, compared=12, found=3, contracts=[address],
            differences=["Deposit 0x7: total is 2 here and 1 in the contract.", "Another."],
        )  # fmt: skip


def test_the_page_is_there_for_moderators_only(client: Client) -> None:
    cast = world.cast()
    for method in (client.get, client.post):
        for page in (PAGE, f"{PAGE}check/"):
            assert method(page).status_code == 302
    client.force_login(cast.ada)
    for method in (client.get, client.post):
        for page in (PAGE, f"{PAGE}check/"):
            assert method(page).status_code == 404
    assert not Reconciliation.objects.exists()


def test_a_market_without_a_chain_yet_says_so(mia: Client) -> None:
    page = body(mia.get(PAGE))
    for words in ("no watcher has run", "None is sounding", "Not compared yet", "Nothing was ever sent"):
        assert words in page


def test_everything_that_is_wrong_is_on_the_page(mia: Client) -> None:
    trouble()
    page = body(mia.get(PAGE))
    for words in (
        "Block 100 was replaced.",
        "“The chain is frozen” in the operations guide",
        "107",
        "Two figures differ.",
        "Nearly empty.",
        "stands still",
        "Event 42 is missing.",
        "The order is closed.",
        "3 differ",
        "Deposit 0x7: total is 2 here and 1 in the contract.",
        "And 1 more.",
    ):
        assert words in page


def test_what_sending_costs_and_what_is_left_for_it_is_on_the_page(mia: Client) -> None:
    trouble()
    GasDay.objects.create(chain=CHAIN, day=budget.today(), spent=3 * 10**17, reserved=10**17)
    page = body(mia.get(PAGE))
    for words in ("0.02", ">low<", "0.30 spent and 0.10 reserved"):
        assert words in page


def test_a_contract_whose_books_differ_is_marked_until_a_clean_run(mia: Client) -> None:
    trouble()
    Settlement.objects.update(stopped="", stopped_at=None)
    assert "releases stopped" in body(mia.get(PAGE))
    now = timezone.now()
    Reconciliation.objects.create(chain=CHAIN, began_at=now, ended_at=now, block=108)
    assert "releases stopped" not in body(mia.get(PAGE))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "waits for a worker"),
        ({"began_at": timedelta()}, "under way"),
        ({"began_at": timedelta(minutes=11)}, "did not end"),
        ({"began_at": timedelta(), "ended_at": timedelta(), "error": "The node did not answer."}, "not compared"),
        ({"began_at": timedelta(), "ended_at": timedelta()}, "agree"),
    ],
)
def test_a_run_says_how_it_stands(mia: Client, changes: dict[str, Any], words: str) -> None:
    moments = {name: timezone.now() - ago if isinstance(ago, timedelta) else ago for name, ago in changes.items()}
    Reconciliation.objects.create(chain=CHAIN, **moments)
    assert words in body(mia.get(PAGE))


def test_asking_for_a_comparison_leaves_one_row_and_an_entry(mia: Client) -> None:
    for _ in range(2):
        answer: Any = mia.post(f"{PAGE}check/")
        assert answer.url == PAGE
    run = Reconciliation.objects.get()
    assert run.asked_by is not None and run.asked_by.name == "Mia"
    assert run.began_at is None
    with as_system("look"):
        assert Entry.objects.filter(verb="reconciliation.asked").count() == 1
    assert mia.get(f"{PAGE}check/").status_code == 405


def test_the_page_refreshes_its_part_alone(mia: Client) -> None:
    part = body(mia.get(PAGE, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith("<div")
    assert "<html" not in part
    assert 'hx-trigger="every 10s"' in part


def test_no_text_of_a_node_runs_in_the_moderators_browser(mia: Client) -> None:
    alarms.sound("books", "<script>alert(1)</script>")
    assert "<script>alert" not in body(mia.get(PAGE))


def test_the_number_of_queries_does_not_grow_with_the_trouble(mia: Client) -> None:
    counts = []
    for number in (1, 9):
        with as_system("clean"):
            for model in (Contract, Settlement, SendingAccount, OutgoingTransaction, Reconciliation):
                model.objects.all().delete()
        trouble(number)
        mia.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            mia.get(PAGE)
        counts.append(len(queries))
    assert counts[1] - counts[0] <= 2 * 8  # two for each escrow contract
