"""A decision as a moderator types it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.moderation.models import Decision, Report, ReviewCase
from marketplace.moderation.services import outcomes_of
from marketplace.organizations.models import Organization

Outcome = Decision.Outcome

OF_LISTINGS = [
    "The listing is clear, lawful and does what it says.",
    "Please say in plain words what goes in, what comes out, and what the tool cannot do.",
    "Please give an example that shows a real result.",
    "The price or the period does not fit what the description promises.",
    "The service did not answer the example. Please check its address.",
    "This kind of tool is not allowed on this market.",
]
OF_ORGANIZATIONS = [
    "Name, country and number agree with the public register.",
    "We could not find this number in the register. Please check it.",
    "The website does not show that it belongs to this organization.",
    "This organization may not sell on this market.",
]


OF_REPORTS = [
    "We looked at what was reported and found nothing that breaks the rules of this market.",
    "The listing should say more exactly what the tool does and what it cannot do.",
    "What the listing states about data does not agree with what the service does.",
    "The tool does not do what its listing promises.",
    "This kind of tool is not allowed on this market.",
    "What you wrote has convinced us, and the tool may be offered again.",
]


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(widget=forms.RadioSelect, label="Decision")
    template = forms.ChoiceField(required=False, label="Reason", help_text="The organization reads it.")
    text = forms.CharField(
        required=False,
        max_length=1800,
        label="In your words",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Added to the reason above, or instead of it.",
    )

    def __init__(self, case: ReviewCase, *args: Any, checkable: Sequence[str] = (), **kwargs: Any) -> None:
        """`checkable`: of an organization's request, the facts that can be ticked."""
        super().__init__(*args, **kwargs)
        if checkable:
            self.fields["checked"] = forms.MultipleChoiceField(
                choices=[choice for choice in Organization.Fact.choices if choice[0] in checkable],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                label="What you checked",
                help_text="Stands beside the organization's name, with the date. Needed to verify it.",
            )
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)  # noqa: S101  (for the type checker)
        outcome.choices = [(each, each.label) for each in outcomes_of(case)]
        reasons = OF_REPORTS if case.listing_id else OF_LISTINGS if case.version_id else OF_ORGANIZATIONS
        field = self.fields["template"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [("", "None of these"), *((reason, reason) for reason in reasons)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["reason"] = "\n\n".join(filter(None, [cleaned.get("template", ""), cleaned.get("text", "")]))
        if not cleaned["reason"] and "text" not in self.errors:
            self.add_error("text", "Give a reason: choose one above or write it here.")
        if "checked" in self.fields and cleaned.get("outcome") == Outcome.APPROVE and not cleaned.get("checked"):
            self.add_error("checked", "Tick what you checked.")
        return cleaned


class ReportForm(forms.Form):
    category = forms.ChoiceField(choices=Report.Category.choices, widget=forms.RadioSelect, label=_("What is wrong"))
    text = forms.CharField(
        min_length=10,
        max_length=2000,
        label=_("What happened"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What you saw, where and when. The provider does not learn who wrote it."),
    )


class AppealForm(forms.Form):
    text = forms.CharField(
        min_length=10,
        max_length=2000,
        label=_("Why it should be looked at again"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What the moderator did not know, or what you have changed. You can appeal once."),
    )
