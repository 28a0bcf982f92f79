"""A decision as a moderator types it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as noop

from marketplace.moderation.models import Decision, Report, ReviewCase
from marketplace.moderation.services import outcomes_of
from marketplace.organizations.models import Organization

Outcome = Decision.Outcome

# Kept as they stand here, and said in the language of who reads them.
OF_LISTINGS = [
    noop("The listing is clear, lawful and does what it says."),
    noop("Please say in plain words what goes in, what comes out, and what the tool cannot do."),
    noop("Please give an example that shows a real result."),
    noop("The price or the period does not fit what the description promises."),
    noop("The service did not answer the example. Please check its address."),
    noop("This kind of tool is not allowed on this market."),
]
OF_ORGANIZATIONS = [
    noop("Name, country and number agree with the public register."),
    noop("We could not find this number in the register. Please check it."),
    noop("The website does not show that it belongs to this organization."),
    noop("This organization may not sell on this market."),
]
OF_REPORTS = [
    noop("We looked at what was reported and found nothing that breaks the rules of this market."),
    noop("The listing should say more exactly what the tool does and what it cannot do."),
    noop("What the listing states about data does not agree with what the service does."),
    noop("The tool does not do what its listing promises."),
    noop("This kind of tool is not allowed on this market."),
    noop("What you wrote has convinced us, and the tool may be offered again."),
]


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(widget=forms.RadioSelect, label=gettext_lazy("Decision"))
    template = forms.ChoiceField(
        required=False, label=gettext_lazy("Reason"), help_text=gettext_lazy("The organization reads it.")
    )
    text = forms.CharField(
        required=False,
        max_length=1800,
        label=gettext_lazy("In your words"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Added to the reason above, or instead of it."),
    )

    def __init__(self, case: ReviewCase, *args: Any, checkable: Sequence[str] = (), **kwargs: Any) -> None:
        """`checkable`: of an organization's request, the facts that can be ticked."""
        super().__init__(*args, **kwargs)
        if checkable:
            self.fields["checked"] = forms.MultipleChoiceField(
                choices=[choice for choice in Organization.Fact.choices if choice[0] in checkable],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                label=_("What you checked"),
                help_text=_("Stands beside the organization's name, with the date. Needed to verify it."),
            )
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)  # noqa: S101  (for the type checker)
        outcome.choices = [(each, each.label) for each in outcomes_of(case)]
        reasons = OF_REPORTS if case.listing_id else OF_LISTINGS if case.version_id else OF_ORGANIZATIONS
        field = self.fields["template"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [("", _("None of these")), *((reason, _(reason)) for reason in reasons)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["reason"] = "\n\n".join(filter(None, [cleaned.get("template", ""), cleaned.get("text", "")]))
        if not cleaned["reason"] and "text" not in self.errors:
            self.add_error("text", _("Give a reason: choose one above or write it here."))
        if "checked" in self.fields and cleaned.get("outcome") == Outcome.APPROVE and not cleaned.get("checked"):
            self.add_error("checked", _("Tick what you checked."))
        return cleaned


class ReportForm(forms.Form):
    category = forms.ChoiceField(
        choices=Report.Category.choices, widget=forms.RadioSelect, label=gettext_lazy("What is wrong")
    )
    text = forms.CharField(
        min_length=10,
        max_length=2000,
        label=gettext_lazy("What happened"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What you saw, where and when. The provider does not learn who wrote it."),
    )


class AppealForm(forms.Form):
    text = forms.CharField(
        min_length=10,
        max_length=2000,
        label=gettext_lazy("Why it should be looked at again"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What the moderator did not know, or what you have changed. You can appeal once."),
    )
