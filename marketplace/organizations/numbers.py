"""Registration and VAT numbers, checked by the rules of the country that gives them (python-stdnum, offline)."""

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError
from stdnum.util import get_cc_module as module_of

from marketplace.lifecycle import Refused, Words

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
EXAMPLES: Final = {"DE": gettext_lazy("Name the court too, for example Hamburg HRB 4711.")}

VAT: Final = gettext_lazy("VAT number")
REGISTER: Final = gettext_lazy("registration number")


def vat_number(country: str, typed: str) -> str:
    """The number as the country writes it, without spaces; raises Refused with what is wrong. Empty stays empty."""
    return _checked(country, typed, get_cc_module(country.lower(), "vat"), VAT)


def registration_number(country: str, typed: str) -> str:
    """The same for the company register. Where a country's form is not known to us, what was typed is kept."""
    name = REGISTERS.get(country)
    return _checked(country, typed, module_of(country.lower(), name) if name else None, REGISTER)


def _checked(country: str, typed: str, module: Any, what: Words) -> str:
    number = " ".join(typed.split())
    if not number or module is None:
        return number
    words = {"where": countries.name(country), "what": what}
    try:
        return str(module.validate(number))
    except InvalidChecksum:
        sentence = _("A digit is wrong: this cannot be a %(what)s of %(where)s. Please compare it once more.")
    except InvalidLength:
        sentence = _("This is too long or too short for a %(what)s of %(where)s.")
    except InvalidFormat:
        sentence = _("This is not how a %(what)s of %(where)s is written.")
        if what == REGISTER and country in EXAMPLES:
            sentence = f"{sentence} {EXAMPLES[country]}"
    except ValidationError:
        sentence = _("%(where)s gives no such %(what)s.")
    raise Refused(sentence % words)
