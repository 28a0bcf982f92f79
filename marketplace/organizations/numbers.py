"""Registration and VAT numbers, checked by the rules of the country that gives them (python-stdnum, offline)."""

from typing import Any, Final

from django_countries import countries
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError
from stdnum.util import get_cc_module as module_of

from marketplace.lifecycle import Refused

# The number under which a country's company register knows a company, where its form can be checked.
REGISTERS: Final = {
    "AT": "businessid",
    "BE": "vat",
    "CH": "uid",
    "DE": "handelsregisternummer",
    "DK": "cvr",
    "EE": "registrikood",
    "FI": "ytunnus",
    "FR": "siren",
    "HR": "oib",
    "LI": "peid",
    "LV": "pvn",
    "NO": "orgnr",
    "PL": "regon",
    "RO": "onrc",
    "SE": "orgnr",
    "SI": "maticna",
}
EXAMPLES: Final = {"DE": "Name the court too, for example Hamburg HRB 4711."}


def vat_number(country: str, typed: str) -> str:
    """The number as the country writes it, without spaces; raises Refused with what is wrong. Empty stays empty."""
    return _checked(country, typed, get_cc_module(country.lower(), "vat"), "VAT number")


def registration_number(country: str, typed: str) -> str:
    """The same for the company register. Where a country's form is not known to us, what was typed is kept."""
    name = REGISTERS.get(country)
    return _checked(country, typed, module_of(country.lower(), name) if name else None, "registration number")


def _checked(country: str, typed: str, module: Any, what: str) -> str:
    number = " ".join(typed.split())
    if not number or module is None:
        return number
    where = countries.name(country)
    try:
        return str(module.validate(number))
    except InvalidChecksum:
        raise Refused(f"A digit is wrong: this cannot be a {what} of {where}. Please compare it once more.") from None
    except InvalidLength:
        raise Refused(f"This is too long or too short for a {what} of {where}.") from None
    except InvalidFormat:
        hint = EXAMPLES.get(country, "") if what == "registration number" else ""
        raise Refused(f"This is not how a {what} of {where} is written. {hint}".strip()) from None
    except ValidationError:
        raise Refused(f"{where} gives no such {what}.") from None
