"""Who decides a dispute can check the order by itself, and what was said in the dispute stays out of the bundle."""

import hashlib
import io
import json
import zipfile

import pytest
from django.urls import reverse

from marketplace.audit.models import Entry
from marketplace.disputes.models import Dispute, EvidenceFile
from marketplace.escrow.services import proving
from tests.disputes.case import Case, browser, paper, rows

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


def test_the_bundle_holds_salted_hashes_of_the_documents_and_none_of_the_words(case: Case) -> None:
    dispute = opened(case)
    order = dispute.order
    answer = browser(case.market.ben).get(reverse("escrow:evidence", args=[case.market.workshop.slug, order.public_id]))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        (said,) = json.loads(file.read("disputes.json"))
        everything = b"".join(file.read(name) for name in file.namelist())
    (shown,), (stored,) = rows(EvidenceFile), rows(Dispute)
    (document,) = said["documents"]
    assert document["salted_sha256"] == hashlib.sha256(f"{stored.salt}:{shown.sha256}".encode()).hexdigest()
    assert said["evidence_hash"] == stored.evidence_hash
    for word in (stored.salt, shown.sha256, shown.name, "GET / 500"):
        assert word.encode() not in everything


def test_the_dispute_page_leads_to_the_evidence(case: Case) -> None:
    dispute = opened(case)
    for user, org in ((case.market.ada, case.market.bakery), (case.market.ben, case.market.workshop)):
        page = browser(user).get(reverse("disputes:detail", args=[org.slug, dispute.public_id])).content.decode()
        assert reverse("escrow:evidence", args=[org.slug, dispute.order.public_id]) in page
