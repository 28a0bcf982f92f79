"""The invoice reader: finds the fields of real layouts, checks what can be checked."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

GERMAN = """Muster Bürobedarf GmbH · Hafenstraße 12 · 20457 Hamburg
Rechnung Nr. 2025/114
Datum: 3. März 2025
Zahlbar bis: 17.03.2025
Kopierpapier   20   4,95 €   99,00 €
Nettobetrag   1.267,50 €
19 % MwSt.   240,83 €
Rechnungsbetrag   1.508,33 €
IBAN DE89 3704 0044 0532 0130 00
USt-IdNr.: DE 136 695 976"""
ENGLISH = """INVOICE
Northwind Coffee Ltd
Invoice No   Invoice Date   Due Date
INV-4711   March 3, 2025   2 April 2025
Subtotal   £1,200.00
VAT 20%   £240.00
Total due   £1,440.00
IBAN GB82 WEST 1234 5698 7654 32
VAT No: GB980780684"""


def _values(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: field and field["value"] for name, field in answer["data"]["fields"].items()}


def test_the_fields_of_a_german_invoice_are_found(ask: Any) -> None:
    status, answer = ask("invoice-fields", text=GERMAN)
    assert status == 200
    assert _values(answer) == {
        "supplier": "Muster Bürobedarf GmbH",
        "invoice_number": "2025/114",
        "invoice_date": "2025-03-03",
        "due_date": "2025-03-17",
        "net": "1267.50",
        "vat": "240.83",
        "gross": "1508.33",
        "currency": "EUR",
        "iban": "DE89 3704 0044 0532 0130 00",
        "vat_id": "DE136695976",
    }
    assert all(check["ok"] for check in answer["data"]["checks"]) and len(answer["data"]["checks"]) == 5


def test_the_fields_of_an_english_invoice_with_values_below_their_labels_are_found(ask: Any) -> None:
    _, answer = ask("invoice-fields", text=ENGLISH)
    assert _values(answer) == {
        "supplier": "Northwind Coffee Ltd",
        "invoice_number": "INV-4711",
        "invoice_date": "2025-03-03",
        "due_date": "2025-04-02",
        "net": "1200.00",
        "vat": "240.00",
        "gross": "1440.00",
        "currency": "GBP",
        "iban": "GB82 WEST 1234 5698 7654 32",
        "vat_id": "GB980780684",
    }


def test_a_pdf_with_columns_is_read_like_its_text(ask: Any, upload: Any, example_invoice: bytes) -> None:
    _, answer = ask("invoice-fields", file=upload(example_invoice))
    values = _values(answer)
    assert None not in values.values()
    assert (values["invoice_number"], values["gross"], values["due_date"]) == ("RE-2025-0187", "1508.33", "2025-03-28")
    assert "1.508,33 €" in answer["data"]["fields"]["gross"]["source"]
    assert answer["summary"].endswith("10 of 10 fields found, all 5 checks passed.")


def test_every_field_says_the_line_it_was_found_in(ask: Any) -> None:
    _, answer = ask("invoice-fields", text=GERMAN)
    lines = GERMAN.splitlines()
    for field in answer["data"]["fields"].values():
        assert lines[field["line"] - 1] == field["source"] and 0 <= field["confidence"] <= 100


@settings(max_examples=60, deadline=None)
@given(
    net=st.integers(min_value=100, max_value=10**8),
    rate=st.sampled_from([0, 7, 19, 20, 25]),
    slip=st.sampled_from([0, 0, 1, -1, 500]),
)
def test_the_arithmetic_check_passes_exactly_when_net_and_vat_make_gross(
    net: int, rate: int, slip: int, ask: Any
) -> None:
    vat = net * rate // 100
    net_, vat_, gross = (Decimal(cents) / 100 for cents in (net, vat, net + vat + slip))
    text = f"Ada Ltd\nInvoice number: A-1\nNet amount {net_:,.2f} EUR\n"
    text += f"VAT {rate} % {vat_:,.2f} EUR\nTotal due {gross:,.2f} EUR"
    _, answer = ask("invoice-fields", text=text)
    values = _values(answer)
    assert [Decimal(values[name]) for name in ("net", "vat", "gross")] == [net_, vat_, gross]
    checks = {check["check"]: check["ok"] for check in answer["data"]["checks"]}
    assert checks["Net + VAT = gross"] is (slip == 0)


def test_sums_that_do_not_add_up_are_reported_and_trusted_less(ask: Any) -> None:
    _, right = ask("invoice-fields", text=GERMAN)
    _, wrong = ask("invoice-fields", text=GERMAN.replace("1.508,33", "1.580,33"))
    assert "1267.50 + 240.83 is 1508.33, not 1580.33." in [check["sentence"] for check in wrong["data"]["checks"]]
    assert wrong["data"]["fields"]["gross"]["confidence"] < right["data"]["fields"]["gross"]["confidence"]
    assert "Please compare with the paper before you book or pay this invoice." in wrong["notes"]


@pytest.mark.parametrize(
    ("old", "new", "name"), [("DE89 3704", "DE88 3704", "IBAN"), ("136 695 976", "136 695 977", "VAT id")]
)
def test_a_mistyped_account_or_vat_id_fails_its_check(old: str, new: str, name: str, ask: Any) -> None:
    _, answer = ask("invoice-fields", text=GERMAN.replace(old, new))
    checks = {check["check"]: check["ok"] for check in answer["data"]["checks"]}
    assert checks[name] is False


def test_what_is_not_there_is_not_invented(ask: Any) -> None:
    _, answer = ask("invoice-fields", text="Invoice number: A-77\nThank you for your order of 3 lamps.")
    values = _values(answer)
    assert values["invoice_number"] == "A-77"
    assert [values[name] for name in ("invoice_date", "due_date", "net", "vat", "gross", "iban", "vat_id")] == [
        None
    ] * 7


def test_a_paper_that_is_no_invoice_is_refused(ask: Any) -> None:
    status, answer = ask("invoice-fields", text="Dear Ada,\nshall we meet on Tuesday?\nBen")
    assert status == 422 and answer["error"]["message"].startswith("No invoice was recognised")


def test_something_to_read_must_be_given(ask: Any) -> None:
    sentence = "Please give “Invoice (PDF)” or “the invoice’s text”."
    assert ask("invoice-fields") == (422, {"error": {"message": sentence, "field": "file"}})


def test_a_scan_a_damaged_and_a_long_pdf_are_named(ask: Any, upload: Any, pdf_of: Any, example_invoice: bytes) -> None:
    cases = [
        (pdf_of([]), "This PDF contains no text; it is probably a scan. This tool does not read pictures."),
        (b"%PDF-1.4 garbage", "This PDF is damaged and cannot be read."),
        (b"Rechnung", "This is not a PDF file."),
        (pdf_of(*[["Rechnung"]] * 31), "This PDF has 31 pages; at most 30 are allowed."),
    ]
    for raw, sentence in cases:
        assert ask("invoice-fields", file=upload(raw)) == (422, {"error": {"message": sentence, "field": "file"}})


def test_a_locked_pdf_is_named(ask: Any, upload: Any, example_invoice: bytes) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    writer, locked = PdfWriter(clone_from=PdfReader(io.BytesIO(example_invoice))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(locked)
    status, answer = ask("invoice-fields", file=upload(locked.getvalue()))
    assert status == 422
    assert answer["error"]["message"] == "This PDF is protected by a password; please save it without one."


@settings(max_examples=40, deadline=None)
@given(place=st.integers(min_value=9, max_value=2500), junk=st.binary(min_size=1, max_size=40))
def test_a_pdf_damaged_anywhere_is_read_or_refused_but_breaks_nothing(
    place: int, junk: bytes, ask: Any, upload: Any, example_invoice: bytes
) -> None:
    raw = example_invoice[:place] + junk + example_invoice[place + len(junk) :]
    status, _ = ask("invoice-fields", file=upload(raw))
    assert status in (200, 422)
