"""How many free calls a provider gives to those who try a tool, as its listing carries it; the gateway counts them."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

TRIAL_CALLS: Final = 5
TRIAL_CALLS_A_DAY: Final = 200


class Trying(models.Model):
    """What may be tried without paying. None at all is the provider's switch."""

    trial_calls = models.PositiveSmallIntegerField(_("free calls of each organization"), default=TRIAL_CALLS)
    trial_calls_a_day = models.PositiveIntegerField(_("free calls a day of all together"), default=TRIAL_CALLS_A_DAY)

    class Meta:
        abstract = True

    @property
    def can_be_tried(self) -> bool:
        """Whether there are free calls at all."""
        return self.trial_calls > 0 and self.trial_calls_a_day > 0
