"""The language of what is written while the reader is not there: e-mails, and what a worker leaves for a page."""

from django.conf import settings
from django.utils import translation

from marketplace.accounts.models import User


def in_words_of(person: User | None) -> translation.override:
    """Inside it, everything is said in the person's language; in the market's own for nobody, or who chose none."""
    return translation.override((person.language if person else "") or settings.LANGUAGE_CODE)
