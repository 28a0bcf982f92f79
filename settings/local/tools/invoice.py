"""The tool `invoice-fields`: supplier, numbers, dates and sums of an invoice, checked as far as they can be."""

from typing import Any

from .answers import Json, Wrong, envelope, table
from .files import bytes_of
from .invoice_fields import Found, fields_of
from .invoice_text import lines_of, tidy

TITLES = {
    "supplier": "Supplier",
    "invoice_number": "Invoice number",
    "invoice_date": "Invoice date",
    "due_date": "Due date",
    "net": "Net amount",
    "vat": "VAT",
    "gross": "Gross amount",
    "currency": "Currency",
    "iban": "IBAN",
    "vat_id": "VAT id",
}
_NEEDED = ("supplier", "invoice_number", "invoice_date", "gross")


def run(given: Json) -> Json:
    """Return the fields of the invoice in `file` (PDF, base64) or in `text`; the file wins if both are given."""
    field = "file" if "file" in given else "text"
    lines = lines_of(bytes_of(given["file"])) if field == "file" else tidy(given["text"])
    found = fields_of(lines)
    if not any(name in found for name in TITLES if name not in ("supplier", "currency")):
        raise Wrong("No invoice was recognised: there is no invoice number, date, sum, IBAN or VAT id in it.", field)
    checks = checks_of(found)
    return _answer(found, checks)


def checks_of(found: dict[str, Found]) -> list[Json]:
    """Return the checks that could be made: net + VAT = gross to the cent, VAT rate, IBAN, VAT id, order of dates."""
    checks: list[Json] = []

    def check(name: str, ok: bool, sentence: str) -> None:
        checks.append({"check": name, "ok": ok, "sentence": sentence})

    sums = [found[name].value for name in ("net", "vat", "gross") if name in found]
    if len(sums) == 3:
        net, vat, gross = sums
        equal = net + vat == gross
        sentence = f"{net} + {vat} = {gross}" if equal else f"{net} + {vat} is {net + vat}, not {gross}"
        check("Net + VAT = gross", equal, f"{sentence}.")
        if net > 0:
            rate = vat / net * 100
            check("VAT rate", 0 <= rate <= 27, f"VAT is {rate:.1f} % of net; rates in the EU are 0 to 27 %.")
    for name in ("iban", "vat_id"):
        if name in found:
            ok = bool(found[name].valid)
            sentence = (
                "The check digits are right." if ok else "The check digits are wrong: it was mistyped or misread."
            )
            check(TITLES[name], ok, sentence)
    if "invoice_date" in found and "due_date" in found:
        days = (found["due_date"].value - found["invoice_date"].value).days
        sentence = f"Due {days} days after the invoice." if days >= 0 else "Due before the invoice was written."
        check("Due date", days >= 0, sentence)
    return checks


def _shown(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _answer(found: dict[str, Found], checks: list[Json]) -> Json:
    missing = [name for name in TITLES if name not in found]
    failed = [check for check in checks if not check["ok"]]
    who = f" from {found['supplier'].value}" if "supplier" in found else ""
    number = f" {found['invoice_number'].value}" if "invoice_number" in found else ""
    total = ""
    if "gross" in found:
        currency = f" {found['currency'].value}" if "currency" in found else ""
        total = f" over {found['gross'].value:,}{currency}"
    due = f", due {_shown(found['due_date'].value)}" if "due_date" in found else ""
    verdict = f"{len(failed)} of {len(checks)} checks failed" if failed else f"all {len(checks)} checks passed"
    verdict = verdict if checks else "nothing could be cross-checked"
    summary = f"Invoice{number}{who}{total}{due}: {len(found)} of {len(TITLES)} fields found, {verdict}."
    rows: list[list[Any]] = [
        [title, _shown(found[name].value), f"{found[name].confidence} %", found[name].line, found[name].source]
        if name in found
        else [title, None, None, None, None]
        for name, title in TITLES.items()
    ]
    tables = [table("Fields", ["Field", "Value", "Confidence", "Line", "Found in"], rows)]
    if checks:
        passed = [[check["check"], "passed" if check["ok"] else "failed", check["sentence"]] for check in checks]
        tables.append(table("Checks", ["Check", "Result", "Why"], passed))
    notes = [f"Not found: {', '.join(TITLES[name].lower() for name in missing)}."] if missing else []
    if any(name in missing for name in _NEEDED) or failed:
        notes.append("Please compare with the paper before you book or pay this invoice.")
    fields = {name: found[name].as_json() if name in found else None for name in TITLES}
    return envelope(summary, {"fields": fields, "checks": checks}, tables, notes=notes)
