"""A decision as a moderator types it."""

from collections.abc import Sequence
from typing import Any

from django import forms

from marketplace.moderation.models import Decision, ReviewCase
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


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[
            (Outcome.APPROVE, "Approve"),
            (Outcome.CHANGES, "Ask for changes"),
            (Outcome.REJECT, "Reject"),
        ],
        widget=forms.RadioSelect,
        label="Decision",
    )
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
        reasons = OF_LISTINGS if case.version_id else OF_ORGANIZATIONS
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
