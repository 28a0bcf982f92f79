"""The steps in which a listing is written: the shape of what a provider types, and where it is wrong."""

from marketplace.catalog.forms.calling import CallsStep
from marketplace.catalog.forms.picturing import MediaStep
from marketplace.catalog.forms.planning import PlansStep
from marketplace.catalog.forms.steps import BeginForm, DataStep, WhatStep

__all__ = ["BeginForm", "CallsStep", "DataStep", "MediaStep", "PlansStep", "WhatStep"]
