"""What is disputed, and how disputes end."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What the buyer says is wrong."""

    DOWN = "down", _("It does not answer")
    OTHERWISE = "otherwise", _("It does not do what was promised")
    QUALITY = "quality", _("Its results are not usable")
    DATA = "data", _("It handled our data otherwise than agreed")
    OTHER = "other", _("Something else")
    UNSAID = "unsaid", _("Opened on the chain, without a text")


class Outcome(models.TextChoices):
    """How the deposit was closed."""

    RULED = "ruled", _("An arbiter split what was contested")
    TIMED_OUT = "timed_out", _("Nobody ruled in time")
    GIVEN_IN = "given_in", _("The buyer withdrew it")
    GIVEN_BACK = "given_back", _("The provider gave the money back")
