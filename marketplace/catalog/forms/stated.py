"""What a provider states beside the text: the facts of the kind, and what happens to a buyer's data."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.facts import KIND_FACTS, LANGUAGES, LONGEST_FACT, Kind, Region

ANSWERS = [("", _("Not said")), ("no", _("No")), ("yes", _("Yes"))]


class KindFacts(forms.Form):
    """Kind and facts of the kind. All four kinds' facts are asked; those of the chosen one are kept."""

    kind = forms.ChoiceField(choices=Kind.choices, label=_("Kind"), initial=Kind.TOOL)
    model_name = forms.CharField(
        max_length=120,
        required=False,
        label=_("Model that does the work, and its version"),
        help_text=_("“Rules, no model” is an answer too."),
    )
    languages = forms.MultipleChoiceField(
        choices=list(LANGUAGES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Languages that it understands"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for facts in KIND_FACTS.values():
            for key, label, example in facts:
                field = forms.CharField(max_length=LONGEST_FACT, required=False, label=label)
                field.widget.attrs["placeholder"] = example
                self.fields[f"fact_{key}"] = field

    def facts_of_kinds(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Each kind with its name and the fields that belong to it alone."""
        return [
            (kind, str(Kind(kind).label), [self[f"fact_{key}"] for key, _label, _example in facts])
            for kind, facts in KIND_FACTS.items()
        ]

    def stated(self) -> dict[str, Any]:
        """What was typed, under the names of the columns; for a valid form."""
        data = self.cleaned_data
        own = {key: data[f"fact_{key}"] for key, _label, _example in KIND_FACTS[data["kind"]] if data[f"fact_{key}"]}
        return {**{name: data[name] for name in KindFacts.base_fields}, "kind_facts": own}

    @staticmethod
    def initial_facts(source: Any) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        same = {name: getattr(source, name) for name in KindFacts.base_fields}
        return {**same, **{f"fact_{key}": text for key, text in source.kind_facts.items()}}


class DataFacts(forms.Form):
    """What happens to a buyer's data."""

    data_sent = forms.CharField(
        max_length=600,
        required=False,
        label=_("What is sent where"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What your service does with the input, and to whom any of it goes on."),
    )
    region = forms.ChoiceField(
        choices=[("", _("Not said")), *Region.choices], required=False, label=_("Where it is processed")
    )
    retention_days = forms.IntegerField(
        min_value=0,
        max_value=3650,
        required=False,
        label=_("Days that you keep the input"),
        help_text=_("0 if you delete it with the answer."),
    )
    trains_on_input = forms.TypedChoiceField(
        choices=ANSWERS,
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
        label=_("Do you train on the input?"),
    )
    subprocessors = forms.CharField(
        max_length=1000,
        required=False,
        label=_("Who else sees it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Sub-processors with their country, one a line; “Nobody” if there are none."),
    )

    @staticmethod
    def initial_facts(source: Any) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        same = {name: getattr(source, name) for name in DataFacts.base_fields}
        return {**same, "trains_on_input": {True: "yes", False: "no", None: ""}[source.trains_on_input]}
