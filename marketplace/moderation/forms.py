"""A decision as a moderator types it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as noop

from marketplace.moderation.models import Decision, ReviewCase
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


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[
            (Outcome.APPROVE, gettext_lazy("Approve")),
            (Outcome.CHANGES, gettext_lazy("Ask for changes")),
            (Outcome.REJECT, gettext_lazy("Reject")),
        ],
        widget=forms.RadioSelect,
        label=gettext_lazy("Decision"),
    )
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
        reasons = OF_LISTINGS if case.version_id else OF_ORGANIZATIONS
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
