"""One customer row, made comparable: name, e-mail, phone and address in a normal form."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .answers import Wrong
from .files import Table, column

_COLUMNS = {
    "id": ("customerid", "kundennummer", "kundennr", "id", "customerno", "customernumber", "kdnr", "nr"),
    "first": ("firstname", "vorname", "givenname", "first"),
    "last": ("lastname", "nachname", "surname", "familyname", "last"),
    "name": ("name", "customername", "kundenname", "fullname", "kunde", "customer", "contact", "ansprechpartner"),
    "company": ("company", "firma", "companyname", "firmenname", "organisation", "organization", "unternehmen"),
    "email": ("email", "emailaddress", "mail", "emailadresse"),
    "phone": ("phone", "telefon", "telephone", "phonenumber", "telefonnummer", "tel", "mobile", "mobil", "handy"),
    "street": ("street", "strasse", "strae", "address", "adresse", "anschrift", "address1", "addressline1"),
    "postcode": ("postcode", "plz", "zip", "zipcode", "postalcode", "postleitzahl"),
    "city": ("city", "ort", "stadt", "town", "wohnort"),
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d"})
_TITLES = frozenset({"herr", "frau", "mr", "mrs", "ms", "dr", "prof", "dipl", "ing", "miss", "sir", "med"})
_LEGAL = frozenset(
    {"gmbh", "mbh", "ag", "kg", "ohg", "gbr", "ug", "ek", "ev", "eg", "se"}
    | {"ltd", "limited", "llc", "llp", "inc", "plc", "co", "corp", "company", "sarl", "sa", "bv", "srl"}
)
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True)
class Customer:
    """A row in comparable form; `name` is sorted words, `phone` E.164, empty text where nothing was given."""

    line: int
    shown: tuple[str, ...]
    label: str
    name: str
    company: str
    email: str
    phone: str
    street: str
    house: str
    postcode: str
    city: str

    def key(self) -> tuple[str, ...]:
        """Return what is compared, without the place in the file."""
        return (self.name, self.company, self.email, self.phone, self.street, self.house, self.postcode, self.city)


def folded(text: str) -> str:
    """Return lower-case words without accents: "Müller-Lüdenscheidt" → "mueller luedenscheidt"."""
    lowered = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    stripped = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]|_", " ", stripped).split())


def name_of(text: str) -> str:
    """Return a name's words in alphabetical order, without titles and legal forms."""
    words = re.sub(r"\be\.\s?k\b|\be\.\s?v\b|&", " ", text, flags=re.IGNORECASE)
    kept = [word for word in folded(words).split() if word not in _TITLES and word not in _LEGAL]
    return " ".join(sorted(kept or folded(text).split()))


def email_of(text: str) -> str:
    """Return an address in lower case; for Google's mail also without dots and +tags, which it ignores."""
    text = text.strip().casefold().removeprefix("mailto:")
    local, at, domain = text.partition("@")
    if not at or not local or "." not in domain:
        return ""
    if domain in _GOOGLE:
        return local.partition("+")[0].replace(".", "") + "@gmail.com"
    return text


@lru_cache(maxsize=65536)
def phone_of(text: str, country: str) -> str:
    """Return a number in E.164 form (ITU), read as from the country unless it says otherwise; "" if it is none."""
    import phonenumbers

    if sum(c.isdigit() for c in text) < 5:
        return ""
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def street_of(text: str) -> tuple[str, str]:
    """Return street and house number: "Haupt-Str. 12 A" → ("hauptstrasse", "12a")."""
    words = folded(text)
    number = re.search(r"\b(\d+)\s?([a-z])?\b", words)
    house = (number[1] + (number[2] or "")) if number else ""
    road = words.replace(number[0], " ", 1) if number else words
    road = re.sub(r"(?:\bstr\b|(?<=[a-z])str\b|\bstrasse\b)", "strasse", road)
    road = re.sub(r"\bst(?:reet)?\b", "street", re.sub(r"\brd\b", "road", re.sub(r"\bave\b", "avenue", road)))
    return road.replace(" ", ""), house


def customers_of(found: Table, country: str) -> tuple[list[Customer], list[str]]:
    """Return the customers of a table and the kinds of columns that were recognised in it."""
    places = _places(found.columns)
    kinds = [kind for kind in places if kind != "id"]
    if not any(kind in places for kind in ("name", "last", "company", "email", "phone")):
        listing = ", ".join(f"“{name}”" for name in found.columns)
        raise Wrong(f"No column for a name, a company, an e-mail or a phone number was found among {listing}.", "file")
    return [_customer(line, cells, places, country) for line, cells in found.rows], kinds


def _places(columns: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for kind, names in _COLUMNS.items():
        place = column(columns, names)
        if place is not None and place not in places.values():
            places[kind] = place
    return places


def _customer(line: int, cells: list[str], places: dict[str, int], country: str) -> Customer:
    def cell(kind: str) -> str:
        return cells[places[kind]] if kind in places else ""

    full = " ".join(part for part in (cell("first"), cell("last")) if part) or cell("name")
    street, house = street_of(cell("street"))
    address = " ".join(part for part in (cell("postcode"), cell("city")) if part)
    shown = (cell("id"), full, cell("company"), cell("email"), cell("phone"), cell("street"), address)
    return Customer(
        line=line,
        shown=shown,
        label=full or cell("company") or cell("email") or cell("phone"),
        name=name_of(full),
        company=name_of(cell("company")),
        email=email_of(cell("email")),
        phone=phone_of(cell("phone"), country),
        street=street,
        house=house,
        postcode=re.sub(r"\W", "", cell("postcode")).upper(),
        city=folded(cell("city")),
    )
