"""How German and English invoices label their fields: regular expressions, strongest first."""

import re


def _any(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


# Space, colon or a few column blanks stand between a label and what it labels.
GAP = r"\s*[:.#]*\s*"
HEADING = re.compile(r"(?:tax\s+)?(?:invoice|rechnung|bill|page|seite)\b", re.IGNORECASE)
NUMBER_LABELS = _any(
    r"rechnung(?:s)?[\s-]*(?:nr|nummer|no)\b",
    r"beleg[\s-]*(?:nr|nummer)\b",
    r"invoice\s*(?:no|number|nr|num|#|id)",
    r"inv\.?\s*no",
    r"bill\s*(?:no|number)",
    r"(?:tax\s+)?invoice\b(?!\s*(?:date|to|total|amount|address))",
    r"rechnung\b",
)
NUMBER_VALUE = r"(?P<value>(?=[A-Z0-9/._-]*\d)[A-Z0-9][A-Z0-9/._-]{1,28}[A-Z0-9]|\d{1,30})"
_DATES = (
    r"\d{4}-\d{1,2}-\d{1,2}",
    r"\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}",
    r"\d{1,2}/\d{1,2}/\d{2,4}",
    r"\d{1,2}\.?\s+[A-Za-zä]{3,9}\.?,?\s+\d{4}",
    r"[A-Za-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}",
)
DATE_VALUE = f"(?P<value>{'|'.join(_DATES)})"
INVOICE_DATE = _any(
    r"rechnungs\s*-?datum",
    r"invoice\s+date",
    r"date\s+of\s+(?:issue|invoice)",
    r"issue\s+date",
    r"ausstellungsdatum",
    r"belegdatum",
)
ANY_DATE = r"(?<![a-zä])(?:datum|date)(?![a-zä])"
DUE_DATE = _any(
    r"fällig(?:keit(?:sdatum)?)?(?:\s+(?:am|bis))?",
    r"zahlbar\s+bis(?:\s+zum)?",
    r"zu\s+zahlen\s+bis",
    r"zahlungsziel",
    r"zahlungsfrist",
    r"due\s+(?:date|by|on)",
    r"payment\s+due(?:\s+(?:date|by|on))?",
    r"payable\s+(?:by|until)",
    r"pay\s+by",
)
MONEY = r"(?P<value>\(?[-+]?\d[\d.,'’ \u00a0]*\d-?\)?|\d)(?=\s*(?:€|EUR|USD|GBP|CHF|\$|£|$|\s))"
_GROSS = _any(
    r"gesamt\s*-?betrag",
    r"rechnungs\s*-?betrag",
    r"brutto(?:\s*-?betrag|summe)?",
    r"endbetrag",
    r"gesamtsumme",
    r"gesamt\s*\(?brutto\)?",
    r"summe\s+brutto",
    r"zu\s+zahlen(?:der\s+betrag)?",
    r"zahlbetrag",
    r"gross(?:\s+(?:amount|total))?",
    r"grand\s+total",
    r"total\s+(?:due|amount\s+due|incl|amount|gross|payable)",
    r"amount\s+(?:due|payable)",
    r"balance\s+due",
    r"invoice\s+total",
)
_NET = _any(
    r"netto\s*-?(?:betrag|summe|wert)",
    r"summe\s*\(?netto",
    r"gesamt\s*\(?netto",
    r"zwischensumme",
    r"net\s+(?:amount|total|sum)",
    r"sub\s*-?total",
    r"total\s*\(?(?:net|excl|before\s+tax)",
    r"amount\s+excl",
)
_VAT = _any(
    "mehrwertsteuer",
    "umsatzsteuer",
    "mwst",
    "ust",
    r"u\.st",
    "vat",
    r"sales\s+tax",
    "gst",
    r"tax\s+amount",
    "steuerbetrag",
)
SUMS = {
    "gross": (_GROSS, r"(?<![a-zä-])(?:total|gesamt|summe)(?![a-zä])(?!\s*(?:net|netto|vat|mwst|tax|excl))"),
    "net": (_NET, r"(?<![a-zä])(?:netto|net)(?![a-zä])"),
    "vat": (rf"{_VAT}(?!\s*[-.]?\s*(?:id|ident|reg|no|nr|number))",),
}
IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b")
_VAT_LABELS = _any(
    r"USt[\s.-]*Id(?:ent)?[\s.-]*(?:Nr|nummer)?",
    r"VAT[\s-]*(?:id|no|number|reg(?:istration)?(?:\s*no)?)",
    r"Umsatzsteuer-?ID(?:entifikationsnummer)?",
    r"UID",
)
VAT_ID = re.compile(rf"\b{_VAT_LABELS}[\s.:#-]*([A-Z]{{2}} ?[A-Z0-9][A-Z0-9 .]{{6,16}})", re.IGNORECASE)
BARE_VAT_ID = re.compile(r"\b((?:DE\d{9})|(?:ATU\d{8})|(?:FR[A-Z0-9]{2}\d{9})|(?:NL\d{9}B\d{2})|(?:IT\d{11}))\b")
_LEGAL_FORMS = _any(
    r"GmbH(?:\s*&\s*Co\.?\s*KG)?",
    r"UG(?:\s*\(haftungsbeschränkt\))?",
    *("AG", "KG", "OHG", "GbR", r"e\.\s?K\.", r"e\.\s?V\.", "eG", "SE"),
    *(r"Ltd\.?", "Limited", "LLC", "LLP", r"Inc\.?", "PLC", r"S\.?A\.?R\.?L\.?", r"S\.A\.", r"B\.V\.", r"S\.r\.l\."),
)
LEGAL = re.compile(rf"(?<!\w){_LEGAL_FORMS}(?!\w)")
CURRENCIES = (("EUR", r"€|\bEUR\b|\bEuro\b"), ("GBP", r"£|\bGBP\b"), ("CHF", r"\bCHF\b"), ("USD", r"\$|\bUSD\b"))
