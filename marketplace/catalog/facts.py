"""What a provider states of a listing beside its text: the kind, its facts, and what happens to a buyer's data."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marketplace.catalog.fields import OrderedJsonField
from marketplace.catalog.schemas import NotUsable
from marketplace.lifecycle import Words

LONGEST_FACT: Final = 200
LANGUAGES: Final[Mapping[str, Words]] = {
    "en": gettext_lazy("English"),
    "de": gettext_lazy("German"),
    "id": gettext_lazy("Indonesian"),
    "fr": gettext_lazy("French"),
    "es": gettext_lazy("Spanish"),
    "it": gettext_lazy("Italian"),
    "nl": gettext_lazy("Dutch"),
    "pl": gettext_lazy("Polish"),
    "pt": gettext_lazy("Portuguese"),
    "ar": gettext_lazy("Arabic"),
    "zh": gettext_lazy("Chinese"),
    "ja": gettext_lazy("Japanese"),
}


class Kind(models.TextChoices):
    TOOL = "tool", gettext_lazy("Tool")
    MODEL = "model", gettext_lazy("Model")
    DATASET = "dataset", gettext_lazy("Dataset")
    COMPUTE = "compute", gettext_lazy("Compute")


class Region(models.TextChoices):
    EU = "eu", gettext_lazy("European Union")
    UK = "uk", gettext_lazy("United Kingdom")
    CH = "ch", gettext_lazy("Switzerland")
    US = "us", gettext_lazy("United States")
    ID = "id", gettext_lazy("Indonesia")
    ASIA = "asia", gettext_lazy("Elsewhere in Asia")
    OTHER = "other", gettext_lazy("Elsewhere")
    SEVERAL = "several", gettext_lazy("Several regions")


# What can be said of each kind alone: key, label, example.
KIND_FACTS: Final[Mapping[str, tuple[tuple[str, Words, Words], ...]]] = {
    Kind.TOOL: (
        ("release", gettext_lazy("Release"), gettext_lazy("2.4 of March 2026")),
        ("limits", gettext_lazy("Limits"), gettext_lazy("files up to 3 MB")),
    ),
    Kind.MODEL: (
        ("size", gettext_lazy("Size"), gettext_lazy("7 billion parameters")),
        ("longest_input", gettext_lazy("Longest input"), gettext_lazy("32,000 tokens")),
        ("licence", gettext_lazy("Licence of the model"), "Apache-2.0"),
        ("trained_on", gettext_lazy("Trained on"), gettext_lazy("public web text until 2025")),
    ),
    Kind.DATASET: (
        ("rows", gettext_lazy("Rows"), gettext_lazy("1.2 million")),
        ("formats", gettext_lazy("Formats"), "CSV, Parquet"),
        ("data_licence", gettext_lazy("Licence of the data"), "CC BY 4.0"),
        ("source", gettext_lazy("Collected from"), gettext_lazy("public registers of 12 countries")),
        ("updated", gettext_lazy("Updated"), gettext_lazy("every Monday")),
    ),
    Kind.COMPUTE: (
        ("hardware", gettext_lazy("Hardware"), gettext_lazy("1 GPU with 24 GB")),
        ("memory", gettext_lazy("Memory"), "64 GB"),
        ("available", gettext_lazy("Available"), gettext_lazy("around the clock")),
    ),
}


class Facts(models.Model):
    """The stated facts: of a version as its provider wrote them, of a listing as they were approved last."""

    kind = models.CharField("kind", max_length=12, choices=Kind, default=Kind.TOOL)
    kind_facts = OrderedJsonField("facts of this kind", default=dict, blank=True)
    model_name = models.CharField("model that does the work, and its version", max_length=120, blank=True)
    languages = ArrayField(models.CharField(max_length=8), verbose_name="languages", default=list, blank=True)
    data_sent = models.TextField("what is sent where", max_length=600, blank=True)
    region = models.CharField("where data is processed", max_length=12, choices=Region, blank=True)
    retention_days = models.PositiveSmallIntegerField("days that input is kept", null=True, blank=True)
    trains_on_input = models.BooleanField("input is used for training", null=True, blank=True)
    subprocessors = models.TextField("sub-processors", max_length=1000, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="%(class)s_kind"),
        ]


FIELDS: Final = tuple(field.name for field in Facts._meta.local_fields)
UNSAID: Final[Mapping[str, Any]] = {field.name: field.get_default() for field in Facts._meta.local_fields}


def said(source: Facts) -> dict[str, Any]:
    """What is stated, without what is left open: a version from before there were facts states none."""
    return {name: getattr(source, name) for name in FIELDS if getattr(source, name) != UNSAID[name]}


def check(kind: str, kind_facts: Mapping[str, Any], languages: list[str]) -> None:
    """Raise NotUsable unless the facts are short texts that belong to the kind, in languages that we know."""
    if kind not in KIND_FACTS:
        raise NotUsable(_("Choose one of the four kinds."))
    known = {fact[0] for fact in KIND_FACTS[kind]}
    for key, text in kind_facts.items():
        if key not in known or not isinstance(text, str) or not 0 < len(text) <= LONGEST_FACT:
            raise NotUsable(
                _("“%(fact)s” is not a fact of this kind, or longer than %(most)s characters.")
                % {"fact": key, "most": LONGEST_FACT}
            )
    if unknown := set(languages) - set(LANGUAGES):
        raise NotUsable(_("We do not know the language “%(language)s”.") % {"language": sorted(unknown)[0]})


def of_kind(source: Facts) -> list[tuple[str, str]]:
    """Label and text of what the thing is, in the order of the page; what is not stated is left out."""
    labels = {key: label for key, label, _example in KIND_FACTS.get(source.kind, ())}
    rows = [(_("Kind"), str(Kind(source.kind).label)), (_("Model"), source.model_name)]
    rows += [(str(labels[key]), str(text)) for key, text in source.kind_facts.items() if key in labels]
    rows.append((_("Languages"), ", ".join(str(LANGUAGES.get(code, code)) for code in source.languages)))
    return [row for row in rows if row[1]]


def of_data(source: Facts) -> list[tuple[str, str]]:
    """Label and text of what happens to a buyer's data; everything is there, for what is not stated matters too."""
    not_said = str(NOT_SAID)
    return [
        (_("What is sent where"), source.data_sent or not_said),
        (_("Where it is processed"), str(Region(source.region).label) if source.region else not_said),
        (_("How long it is kept"), _retention(source.retention_days)),
        (_("Used for training"), {True: _("Yes"), False: _("No"), None: not_said}[source.trains_on_input]),
        (_("Who else sees it"), source.subprocessors or not_said),
    ]


NOT_SAID: Final = gettext_lazy("The provider has not said.")


def _retention(days: int | None) -> str:
    if days is None:
        return str(NOT_SAID)
    if days == 0:
        return _("Not at all: it is deleted with the answer.")
    return ngettext("%d day", "%d days", days) % days
