"""The steps that are one form each. `columns()` of a valid one is what the services write."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.forms.stated import DataFacts, KindFacts
from marketplace.catalog.models import Category, ListingVersion


class BeginForm(forms.Form):
    name = forms.CharField(
        max_length=60, label=_("Name"), help_text=_("What people call it. You can change it until it is approved.")
    )


class WhatStep(KindFacts):
    name = forms.CharField(max_length=60, label=_("Name"), help_text=_("What people call it."))
    summary = forms.CharField(
        max_length=140,
        label=_("What it does, in one line"),
        help_text=_("The benefit first: “Know next month's sales today”."),
    )
    category = forms.ModelChoiceField(Category.objects.all(), label=_("Category"), empty_label=_("Choose one"))
    description = forms.CharField(
        max_length=10_000,
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("What goes in, what comes out, what it cannot do. Markdown works: **bold**, lists, links"),
    )

    SAME: ClassVar = ("name", "summary", "category", "description")

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        return {name: getattr(version, name) for name in cls.SAME} | cls.initial_facts(version)

    def columns(self) -> dict[str, Any]:
        """What was typed, under the names of the columns; for a valid form."""
        return {name: self.cleaned_data[name] for name in self.SAME} | self.stated()


class DataStep(DataFacts):
    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        return cls.initial_facts(version)

    def columns(self) -> dict[str, Any]:
        """What was typed; for a valid form."""
        return dict(self.cleaned_data)
