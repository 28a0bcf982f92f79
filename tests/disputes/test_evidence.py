"""Who decides a dispute can check the order by itself, and what was said in the dispute stays out of the bundle."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from marketplace.audit.models import Entry
from marketplace.disputes.models import Dispute, EvidenceFile
from marketplace.escrow.services import proving
from tests.disputes.case import Case, browser, paper, rows
from tests.escrow.money import PERIOD
from tests.escrow.test_evidence import checked, offer_as_reviewed, rewrite, unpacked

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def opened(case: Case) -> Dispute:
    dispute = case.prepare(pieces=(paper(),))
    case.file(dispute)
    case.settle()
    proving.gather()
    return dispute


def test_a_moderator_downloads_the_evidence_and_is_on_record_with_both_sides(case: Case) -> None:
    dispute = opened(case)
    address = reverse("disputes:case_evidence", args=[dispute.public_id])
    assert address in browser(case.mia).get(reverse("disputes:case", args=[dispute.public_id])).content.decode()
    answer = browser(case.mia).get(address)
    assert answer["Content-Type"] == "application/zip"
    read = rows(Entry, verb="dispute.evidence_read")
    assert {entry.org_id for entry in read} == {case.market.bakery.pk, case.market.workshop.pk}
    assert browser(case.market.ada).get(address).status_code == 404


def downloaded(case: Case, dispute: Dispute) -> bytes:
    url = reverse("escrow:evidence", args=[case.market.workshop.slug, dispute.order.public_id])
    return bytes(browser(case.market.ben).get(url).content)


def test_the_bundle_holds_salted_hashes_of_the_documents_and_none_of_their_content(case: Case) -> None:
    dispute = opened(case)
    case.answer(dispute, "An answer that is hashed nowhere.")
    with zipfile.ZipFile(io.BytesIO(downloaded(case, dispute))) as file:
        (said,) = json.loads(file.read("disputes.json"))
        everything = b"".join(file.read(name) for name in file.namelist())
    (shown,), (stored,) = rows(EvidenceFile), rows(Dispute)
    (document,) = said["documents"]
    assert document["salted_sha256"] == hashlib.sha256(f"{stored.salt}:{shown.sha256}".encode()).hexdigest()
    assert (
        said["evidence_hash"] == stored.evidence_hash == "0x" + hashlib.sha256(said["statement"].encode()).hexdigest()
    )
    assert said["ruling"] == ""
    for word in ("GET / 500", "An answer that is hashed nowhere."):
        assert word.encode() not in everything


def ended(case: Case, tmp_path: Path) -> Path:
    """A dispute from its opening to its ruling, as the bundle of its order."""
    offer_as_reviewed(case.market)
    case.escrow = case.market.paid(periods=2)
    case.market.wait(PERIOD // 2)
    dispute = opened(case)
    case.answer(dispute)
    case.propose(dispute)
    case.carry_out()
    proving.gather()
    return unpacked(downloaded(case, dispute), tmp_path / "bundle")


def test_the_bundles_program_checks_what_was_said_and_why_it_was_decided(case: Case, tmp_path: Path) -> None:
    folder = ended(case, tmp_path)
    status, said = checked(folder)
    assert status == 0, said
    assert "the statement of deposit" in said
    assert "the ruling of deposit" in said


def in_words(field: str, change: Callable[[dict[str, Any]], None]) -> Callable[[list[Any]], None]:
    """Change what a text in disputes.json says, and write it as it was written."""

    def rewritten(opened: list[Any]) -> None:
        text = json.loads(opened[0][field])
        change(text)
        opened[0][field] = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return rewritten


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (in_words("statement", lambda said: said.update(text="All was well.")), "The statement hashes to"),
        (in_words("statement", lambda said: said.update(salt="00" * 32)), "The statement hashes to"),
        (in_words("ruling", lambda said: said.update(reasons="Because I say so.")), "The ruling hashes to"),
        (in_words("ruling", lambda said: said.update(provider_bps=10_000)), "The ruling hashes to"),
        (lambda opened: opened[0].update(documents=[]), "is not among the documents"),
        (lambda opened: opened[0].update(deposit="0x" + "11" * 32), "is about another deposit"),
    ],
)
def test_what_is_changed_in_the_words_is_noticed(case: Case, tmp_path: Path, change: Any, sentence: str) -> None:
    folder = ended(case, tmp_path)
    rewrite(folder, "disputes.json", change)
    status, said = checked(folder)
    assert (status, sentence in said) == (1, True), said


def test_words_that_were_taken_out_leave_the_rest_to_hold(case: Case, tmp_path: Path) -> None:
    folder = ended(case, tmp_path)
    rewrite(folder, "disputes.json", lambda opened: opened[0].update(statement="", ruling=""))
    status, said = checked(folder)
    assert status == 0, said
    assert "the statement of deposit" not in said


def test_both_sides_take_the_text_as_it_was_hashed_and_compare_it_with_the_chain(case: Case) -> None:
    dispute = opened(case)
    case.answer(dispute)
    case.propose(dispute)
    case.carry_out()
    deposit = case.deposit()
    for user, org in ((case.market.ada, case.market.bakery), (case.market.ben, case.market.workshop)):
        page = browser(user).get(reverse("disputes:detail", args=[org.slug, dispute.public_id])).content.decode()
        for name, on_chain in (("statement", deposit.evidence_hash), ("reasoning", deposit.ruling_hash)):
            url = reverse(f"disputes:{name}", args=[org.slug, dispute.public_id])
            assert url in page
            answer = browser(user).get(url)
            assert "0x" + hashlib.sha256(answer.content).hexdigest() == on_chain
            assert json.loads(answer.content)["salt"] in page


def test_the_dispute_page_leads_to_the_evidence(case: Case) -> None:
    dispute = opened(case)
    for user, org in ((case.market.ada, case.market.bakery), (case.market.ben, case.market.workshop)):
        page = browser(user).get(reverse("disputes:detail", args=[org.slug, dispute.public_id])).content.decode()
        assert reverse("escrow:evidence", args=[org.slug, dispute.order.public_id]) in page
