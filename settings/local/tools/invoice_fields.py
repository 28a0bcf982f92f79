"""The rules that recognise an invoice's fields in German and English lines of text."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from . import calendars, numerals
from . import invoice_labels as labels


@dataclass(frozen=True)
class Found:
    """A field's value, the line (from 1) it was found in, that line's text, and a confidence from 0 to 100."""

    value: Any
    line: int
    source: str
    confidence: int
    valid: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the field for the machine-readable result; sums as decimal strings, dates as ISO 8601."""
        value = self.value.isoformat() if isinstance(self.value, date) else str(self.value)
        shown = {"value": value, "line": self.line, "source": self.source, "confidence": self.confidence}
        return shown if self.valid is None else {**shown, "valid": self.valid}


def fields_of(lines: list[str]) -> dict[str, Found]:
    """Return what was recognised in an invoice's lines, by field name."""
    found: dict[str, Found | None] = {
        "supplier": _supplier(lines),
        "invoice_number": _labelled(lines, labels.NUMBER_LABELS, labels.NUMBER_VALUE, 92),
        "invoice_date": _dated(lines, labels.INVOICE_DATE, 95) or _dated(lines, labels.ANY_DATE, 75),
        "due_date": _dated(lines, labels.DUE_DATE, 93),
        "iban": _iban(lines),
        "vat_id": _vat_id(lines),
        "currency": _currency(lines),
    }
    for name in ("net", "vat", "gross"):
        found[name] = _sum(lines, name)
    return _reconciled({name: field for name, field in found.items() if field is not None})


def _labelled(lines: list[str], label: str, value: str, confidence: int) -> Found | None:
    """Return the value right of a label, or in the line below at the same column."""
    beside = re.compile(rf"{label}{labels.GAP}{value}", re.IGNORECASE)
    for number, line in enumerate(lines, start=1):
        if match := beside.search(line):
            return Found(match["value"], number, line[:200], confidence)
    for number, line in enumerate(lines[:-1], start=1):
        if match := re.search(label, line, re.IGNORECASE):
            cells, below = line.split("   "), lines[number].split("   ")
            place = len(line[: match.start()].split("   ")) - 1
            if len(below) == len(cells) and (hit := re.fullmatch(rf"{value}", below[place].strip(), re.IGNORECASE)):
                return Found(hit["value"], number + 1, lines[number][:200], confidence - 15)
    return None


def _dated(lines: list[str], label: str, confidence: int) -> Found | None:
    hit = _labelled(lines, rf"{label}(?:\s*/[^:]{{0,30}})?", labels.DATE_VALUE, confidence)
    if hit is None:
        return None
    every = re.findall(r"\d{1,2}/\d{1,2}/\d{2,4}", "\n".join(lines))
    order = calendars.order_of(every)
    day = calendars.date_of(hit.value.replace(" ,", ","), order or "day first")
    if day is None:
        return None
    unclear = calendars.is_open(hit.value) and order is None
    return Found(day, hit.line, hit.source, 55 if unclear else hit.confidence)


def _money(text: str) -> Decimal | None:
    """Return the last sum in a text; two digits after its last separator decide how it is written."""
    amounts = []
    for match in re.finditer(labels.MONEY, re.sub(r"\d+(?:[.,]\d+)?\s*%", " ", text)):
        raw = match["value"].strip()
        if style := numerals.style_of(raw):
            # Without decimals, a dot or comma before three digits groups thousands on an invoice.
            body = re.sub(r"[.,](?=\d{3}$)", "", raw) if style == "unclear" else raw
            amounts.append(numerals.value_of(body, "english" if style == "unclear" else style))
    return amounts[-1] if amounts else None


def _sum(lines: list[str], name: str) -> Found | None:
    """Return a sum by its strongest label; further down in the document wins, since totals stand below items."""
    for strength, label in enumerate(labels.SUMS[name]):
        for number in range(len(lines), 0, -1):
            line = lines[number - 1]
            match = re.search(label, line, re.IGNORECASE)
            if match is None:
                continue
            if name != "vat" and re.search(r"(?:vat|mwst|ust)[\s.-]*(?:id|no|nr)", line, re.IGNORECASE):
                continue
            amount = _money(line[match.end() :])
            if amount is not None:
                return Found(amount, number, line[:200], 88 - 15 * strength)
    return None


def _reconciled(found: dict[str, Found]) -> dict[str, Found]:
    """Raise the confidence of sums that add up; lower it where they do not."""
    names = [name for name in ("net", "vat", "gross") if name in found]
    if len(names) == 3:
        net, vat, gross = (found[name] for name in names)
        change = 10 if net.value + vat.value == gross.value else -30
        for name in names:
            was = found[name]
            found[name] = Found(was.value, was.line, was.source, max(5, min(99, was.confidence + change)))
    return found


def _iban(lines: list[str]) -> Found | None:
    from stdnum import iban

    doubtful = None
    for number, line in enumerate(lines, start=1):
        for match in labels.IBAN.finditer(line):
            candidate = iban.compact(match[1])
            # What follows the number on the same line may look like a part of it.
            for length in range(len(candidate), 14, -1):
                if iban.is_valid(candidate[:length]):
                    return Found(iban.format(candidate[:length]), number, line[:200], 99, True)
            if "iban" in line.lower() and doubtful is None:
                doubtful = Found(match[1], number, line[:200], 30, False)
    return doubtful


def _is_vat_id(text: str) -> bool:
    from stdnum import get_cc_module
    from stdnum.eu import vat

    if vat.is_valid(text):
        return True
    national = get_cc_module(text[:2].lower(), "vat")  # Britain, Switzerland, Norway: not in the EU's list
    return bool(national and national.is_valid(text))


def _vat_id(lines: list[str]) -> Found | None:
    doubtful = None
    for pattern in (labels.VAT_ID, labels.BARE_VAT_ID):
        for number, line in enumerate(lines, start=1):
            for match in pattern.finditer(line):
                candidate = re.split(r"\s{3}", match[1])[0].strip(" .")
                while candidate and not _is_vat_id(candidate) and " " in candidate:
                    candidate = candidate.rsplit(" ", 1)[0]
                if _is_vat_id(candidate):
                    return Found(re.sub(r"[ .-]", "", candidate).upper(), number, line[:200], 97, True)
                doubtful = doubtful or Found(match[1].strip(" ."), number, line[:200], 30, False)
    return doubtful


def _currency(lines: list[str]) -> Found | None:
    """Return the currency that stands in the most lines."""
    best: tuple[int, Found] | None = None
    for code, pattern in labels.CURRENCIES:
        hits = [(number, line) for number, line in enumerate(lines, start=1) if re.search(pattern, line)]
        if hits and (best is None or len(hits) > best[0]):
            best = len(hits), Found(code, hits[0][0], hits[0][1][:200], min(95, 60 + 10 * len(hits)))
    return best[1] if best else None


def _supplier(lines: list[str]) -> Found | None:
    """Return the first line that names a company; without a legal form the heading line, with little confidence."""
    for number, line in enumerate(lines, start=1):
        for part in re.split(r"\s{3}|[|·•–]| - ", line):
            match = labels.LEGAL.search(part)
            if match and match.start() > 1:
                return Found(
                    part[: match.end()].split(",")[0].strip(" ,:"), number, line[:200], 85 if number <= 6 else 65
                )
    for number, line in enumerate(lines[:5], start=1):
        part = line.split("   ")[0].strip()
        if re.search(r"[A-Za-z]{3}", part) and not labels.HEADING.match(part):
            return Found(part[:100], number, line[:200], 40)
    return None
