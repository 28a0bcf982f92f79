"""What people see and may do on the pages of disputes; without JavaScript, except for the wallet."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace.audit.models import Entry
from marketplace.disputes import services
from marketplace.disputes.models import Dispute, Evidence, EvidenceFile, Ruling
from marketplace.gateway.models import UsageRecord
from marketplace.lifecycle import Refused
from marketplace.notifications.models import Notification
from marketplace.notifications.reading import read_entries
from marketplace.subscriptions.words import money
from marketplace.tenancy.scope import scope
from tests import world
from tests.disputes.case import REASONS, WORDS, Case, browser, console, paper, rows, says
from tests.escrow.money import acting, everything

pytestmark = pytest.mark.django_db(transaction=True)
ADA, BEN = world.ADA_ADDRESS, world.BEN_ADDRESS


def html(client: Client, url: str, status: int = 200, **data: Any) -> str:
    answer = client.post(url, data, follow=True) if data else client.get(url)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return str(answer.content.decode())


def cells(page: str, key: str) -> list[tuple[str, ...]]:
    """What stands in each row of a table of records; an address or an id beside it may hold the same figures."""
    (table,) = re.findall(rf'<caption id="{key}-caption">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    return [tuple(re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)) for row in re.findall(r"<tr>(.*?)</tr>", table)]


def begin(case: Case) -> str:
    return reverse("disputes:open", args=[case.market.bakery.slug, case.escrow.escrow_id])


def test_a_buyer_opens_a_dispute_from_the_money_with_words_files_and_the_wallet(case: Case) -> None:
    ada, org = browser(case.market.ada), case.market.bakery.slug
    assert begin(case) in html(ada, reverse("escrow:money", args=[org, case.escrow.order.public_id]))
    page = html(ada, begin(case))
    assert "Frozen, and an arbiter decides" in page
    assert "It ends as if you had stopped now" in page
    log = SimpleUploadedFile("calls.log", b"GET / 500\n", "text/plain")
    page = html(ada, begin(case), category="down", text=WORDS, shown=log)
    assert "Open it with your wallet" in page
    (dispute,) = rows(Dispute)
    status, asked = says(ada, case.address("sign", dispute), address=BEN)
    assert (status, "Only the wallet" in asked["sentence"]) == (422, True)
    status, asked = says(ada, case.address("sign", dispute), address=ADA)
    assert status == 200
    assert money(58 * world.TUSD, case.market.currency) in asked["say"]
    call = asked["transaction"]
    tx_hash = case.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=ADA)
    assert says(ada, asked["next"], address=ADA, hash=tx_hash)[0] == 200
    assert "sent and waits for its block" in html(ada, case.address("detail", dispute))
    case.market.seen()
    assert "Your dispute is in a block" in html(ada, case.address("detail", dispute))
    case.settle()
    page = html(ada, case.address("detail", dispute))
    assert "calls.txt" in page
    assert "nobody in your organization can use the tool" in page
    assert "To the dispute" in html(ada, reverse("escrow:money", args=[org, case.escrow.order.public_id]))


def test_what_was_typed_stays_when_it_is_not_taken(case: Case) -> None:
    archive = SimpleUploadedFile("calls.zip", b"PK\x03\x04", "application/zip")
    page = html(browser(case.market.ada), begin(case), 422, category="down", text=WORDS, shown=archive)
    assert WORDS in page
    assert "calls.zip" in page
    assert rows(Dispute) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"\x00\x01"),
        ("a.txt", b"\xff\xfe\xfa"),
        ("a.txt", b"x" * 1_100_000),
        ("a.pdf", b"text"),
        ("a.exe", b"MZ"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_not_kept(case: Case, name: str, content: bytes) -> None:
    shown = SimpleUploadedFile(name, content, "text/plain")
    html(browser(case.market.ada), begin(case), 422, category="down", text=WORDS, shown=shown)
    assert rows(EvidenceFile) == []


def test_what_is_prepared_can_be_taken_up_and_given_up(case: Case) -> None:
    dispute, ada = case.prepare(), browser(case.market.ada)
    assert ada.get(begin(case)).url == case.address("detail", dispute)
    html(ada, case.address("drop", dispute), go="1")
    assert case.now(dispute).state == "dropped"
    assert ada.get(begin(case)).status_code == 200, "another can be begun"


def test_a_dispute_that_the_wallet_has_sent_is_not_given_up(case: Case) -> None:
    dispute = case.prepare()
    with acting(case.market.buyer):
        services.note_filed(case.market.buyer, dispute_id=dispute.pk, tx_hash="0x" + "22" * 32)
        with pytest.raises(Refused, match="has sent it already"):
            services.drop(case.market.buyer, dispute_id=dispute.pk)


def test_the_provider_answers_with_files_and_the_buyer_adds_to_it(case: Case) -> None:
    dispute = case.opened()
    ben, ada = browser(case.market.ben), browser(case.market.ada)
    assert "Answer the dispute about Review mood" in html(
        ben, reverse("organizations:home", args=[case.market.workshop.slug])
    )
    page = html(ben, case.address("detail", dispute, provider=True))
    assert "You are asked to answer" in page
    assert WORDS in page
    log = SimpleUploadedFile("fixed.txt", b"deployed\n", "text/plain")
    said = {"text": "We repaired it on Tuesday.", "shown": log}
    html(ben, case.address("say", dispute, provider=True), **said)
    assert case.now(dispute).state == "answered"
    page = html(ada, case.address("say", dispute), text="It still fails for us.")
    assert "We repaired it on Tuesday." in page
    (file,) = rows(EvidenceFile)
    answer = ada.get(case.address("file", dispute, file.pk))
    assert (answer.content, answer["X-Content-Type-Options"]) == (b"deployed\n", "nosniff")
    assert "attachment" in answer["Content-Disposition"]


def test_a_viewer_reads_and_does_not_speak(case: Case) -> None:
    dispute = case.opened()
    vic = world.person("Vic")
    world.member(case.market.workshop, vic, "viewer")
    page = html(browser(vic), case.address("detail", dispute, provider=True))
    assert "Your answer" not in page
    assert browser(vic).post(case.address("say", dispute, provider=True), {"text": "Hello there"}).status_code == 403


def test_nothing_is_added_once_it_has_ended(case: Case) -> None:
    dispute = case.answered()
    case.propose(dispute)
    case.carry_out()
    html(browser(case.market.ada), case.address("say", dispute), 422, text="One more thing.")
    assert len(rows(Evidence)) == 2


def test_a_stranger_finds_neither_the_dispute_nor_its_files(case: Case) -> None:
    dispute = case.prepare(pieces=(paper(),))
    case.file(dispute)
    case.settle()
    (file,) = rows(EvidenceFile)
    zoe = world.person("Zoe")
    bank = world.organization("Zoe Bank", owner=zoe)
    for name, more in (("detail", ()), ("file", (file.pk,))):
        assert (
            browser(zoe).get(reverse(f"disputes:{name}", args=[bank.slug, dispute.public_id, *more])).status_code == 404
        )


def test_what_is_prepared_or_proposed_is_withheld_by_the_database_itself(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = case.prepare(pieces=(paper(),))
    with transaction.atomic(), scope(org_id=case.market.workshop.pk):
        assert [model.objects.count() for model in (Dispute, Evidence, EvidenceFile)] == [0, 0, 0]
    case.file(dispute)
    case.settle()
    with transaction.atomic(), scope(org_id=case.market.workshop.pk):
        assert [model.objects.count() for model in (Dispute, Evidence, EvidenceFile)] == [1, 1, 1]
    case.answer(dispute)
    case.propose(dispute)
    for org in (case.market.workshop, case.market.bakery):
        with transaction.atomic(), scope(org_id=org.pk):
            assert Ruling.objects.count() == 0
    case.confirm(dispute)
    for org in (case.market.workshop, case.market.bakery):
        with transaction.atomic(), scope(org_id=org.pk):
            assert Ruling.objects.get().reasons == REASONS


# ── the console ──
def test_an_arbiter_looks_at_the_figures_before_deciding(case: Case) -> None:
    dispute = case.answered()
    mia, url = browser(case.mia), reverse("disputes:case", args=[dispute.public_id])
    assert str(url) in html(mia, reverse("disputes:console"))
    page = html(mia, url)
    for seen in (WORDS, "We repaired it on Tuesday.", "Calls through the market", "How the service answered"):
        assert seen in page
    page = html(mia, url, action="look", share="60", reasons=REASONS)
    assert "What you decide, in figures" in page
    assert rows(Ruling) == []
    html(mia, url, action="propose", share="60", reasons=REASONS)
    assert rows(Ruling)[0].provider_bps == 6_000
    case.carry_out()
    assert "An arbiter split what was contested" in html(mia, url)


def test_calls_that_went_wrong_are_seen_by_the_arbiter_and_by_both_sides(case: Case) -> None:
    dispute = case.answered()
    order = case.now(dispute).order
    both = {"buyer": case.market.bakery, "provider": case.market.workshop, "listing": case.market.listing}
    with everything():
        for outcome, status in (("answered", 200), ("failed", 503), ("failed", 503), ("timed_out", None)):
            UsageRecord.objects.create(
                **both, subscription=order.subscription, outcome=outcome, status=status, milliseconds=1_234
            )
    pages = [
        html(browser(case.mia), reverse("disputes:case", args=[dispute.public_id])),
        html(browser(case.market.ada), case.address("detail", dispute)),
        html(browser(case.market.ben), case.address("detail", dispute, provider=True)),
    ]
    failed, slow = ("Provider failed", "503", "1,234 ms"), ("Provider too slow", "–", "1,234 ms")
    for page in pages:
        assert [row[1:] for row in cells(page, "calls")] == [slow, failed, failed]


@pytest.mark.parametrize("share", ["101", "-1", "1,234", "half", "", "1e2"])
def test_a_share_that_is_none_is_not_taken(case: Case, share: str) -> None:
    dispute = case.answered()
    url = reverse("disputes:case", args=[dispute.public_id])
    page = html(browser(case.mia), url, 422, action="propose", share=share, reasons=REASONS)
    assert REASONS in page
    assert rows(Ruling) == []


def test_above_the_limit_another_moderator_confirms(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 14
    dispute = case.answered()
    url = reverse("disputes:case", args=[dispute.public_id])
    page = html(browser(case.mia), url, action="propose", share="12.5", reasons=REASONS)
    assert "Another moderator has to confirm it" in page
    assert "Confirm and carry out" not in page
    read_entries()
    with everything():
        asked = Notification.objects.get(user=case.max, rule__startswith="ruling.proposed")
    assert asked.path == url
    page = html(browser(case.mia), url, 422, action="confirm")
    assert "You have proposed this yourself" in page
    assert rows(Ruling)[0].state == "proposed"
    html(browser(case.max), url, action="confirm")
    (ruling,) = rows(Ruling)
    assert (ruling.state, ruling.proposed_by_id, ruling.confirmed_by_id) == ("sent", case.mia.pk, case.max.pk)
    case.carry_out()
    assert case.deposit().provider_bps == 1_250


def test_a_proposal_that_is_taken_back_makes_room_for_another(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = case.answered()
    case.propose(dispute)
    html(browser(case.max), reverse("disputes:case", args=[dispute.public_id]), action="withdraw")
    case.propose(dispute, 1_000, by=case.max)
    assert [row.state for row in rows(Ruling)] == ["withdrawn", "proposed"]


def test_who_belongs_to_a_side_does_not_decide(case: Case) -> None:
    dispute = case.answered()
    world.member(case.market.bakery, case.mia, "viewer")
    with pytest.raises(Refused, match="You belong to one of the two sides"):
        case.propose(dispute)
    page = html(browser(case.mia), reverse("disputes:case", args=[dispute.public_id]))
    assert "somebody else has to decide" in page


def test_the_provider_is_waited_for_until_its_time_is_over(case: Case) -> None:
    dispute = case.opened()
    with pytest.raises(Refused, match="still has time to answer"):
        case.propose(dispute)
    case.market.wait(36 * 3_600 + 60)
    assert "Your time to answer is over" in html(
        browser(case.market.ben), case.address("detail", dispute, provider=True)
    )
    assert case.propose(dispute).state == "sent"


def test_a_session_that_somebody_left_open_does_not_decide(case: Case) -> None:
    dispute = case.answered()
    client = Client()
    client.force_login(case.mia)
    world.sign_in(client, case.mia, ago=3_600)
    url = reverse("disputes:case", args=[dispute.public_id])
    answer = client.post(url, {"action": "propose", "share": "60", "reasons": REASONS})
    assert answer.status_code == 302
    assert rows(Ruling) == []


def test_only_moderators_see_the_console_and_a_members_service_call_is_refused(case: Case) -> None:
    dispute = case.answered()
    for name, args in (("console", []), ("case", [dispute.public_id])):
        assert browser(case.market.ada).get(reverse(f"disputes:{name}", args=args)).status_code == 404
    with pytest.raises(Refused, match="Only moderators"), console():
        services.propose(case.market.buyer, dispute_id=dispute.pk, provider_bps=0, reasons=REASONS)


def test_who_reads_a_file_as_a_moderator_is_on_record_with_both_sides(case: Case) -> None:
    dispute = case.prepare(pieces=(paper(),))
    case.file(dispute)
    case.settle()
    (file,) = rows(EvidenceFile)
    url = reverse("disputes:case_file", args=[dispute.public_id, file.pk])
    assert browser(case.mia).get(url).content == b"GET / 500\n"
    read = rows(Entry, verb="dispute.file_read")
    assert {entry.org_id for entry in read} == {case.market.bakery.pk, case.market.workshop.pk}


def test_what_is_only_prepared_is_no_case(case: Case) -> None:
    dispute = case.prepare()
    assert browser(case.mia).get(reverse("disputes:case", args=[dispute.public_id])).status_code == 404


def test_the_same_decision_sent_twice_is_made_once(case: Case) -> None:
    dispute = case.answered()
    assert case.propose(dispute).pk == case.propose(dispute).pk
    with pytest.raises(Refused, match="stands already"):
        case.propose(dispute, 100)


def test_both_sides_and_the_moderators_are_told(case: Case) -> None:
    dispute = case.answered()
    case.propose(dispute)
    case.carry_out()
    read_entries()
    with everything():
        assert not Notification.objects.filter(rule__startswith="ruling.proposed").exists(), "nobody has to confirm it"
        told = {
            (notice.user.name, notice.rule.partition("/")[0]) for notice in Notification.objects.select_related("user")
        }
    assert {("Ada", "dispute.opened"), ("Ben", "dispute.opened"), ("Mia", "dispute.opened")} <= told
    assert {("Ada", "dispute.answer_received"), ("Ada", "escrow.resolved"), ("Ben", "escrow.resolved")} <= told
    assert ("Ben", "dispute.answer_received") not in told


def test_a_page_that_waits_asks_again_and_turns_when_it_is_over(case: Case) -> None:
    dispute = case.prepare()
    ada, url = browser(case.market.ada), case.address("detail", dispute)
    assert 'hx-trigger="every 2s"' in html(ada, url)
    case.file(dispute)
    case.settle()
    answer = ada.get(f"{url}?waiting=1", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
