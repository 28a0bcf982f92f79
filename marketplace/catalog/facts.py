"""What a provider states of a listing beside its text: the kind, its facts, and what happens to a buyer's data."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models

from marketplace.catalog.fields import OrderedJsonField
from marketplace.catalog.schemas import NotUsable

LONGEST_FACT: Final = 200
LANGUAGES: Final = {
    "en": "English", "de": "German", "id": "Indonesian", "fr": "French", "es": "Spanish", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ar": "Arabic", "zh": "Chinese", "ja": "Japanese",
}  # fmt: skip


class Kind(models.TextChoices):
    TOOL = "tool", "Tool"
    MODEL = "model", "Model"
    DATASET = "dataset", "Dataset"
    COMPUTE = "compute", "Compute"


class Region(models.TextChoices):
    EU = "eu", "European Union"
    UK = "uk", "United Kingdom"
    CH = "ch", "Switzerland"
    US = "us", "United States"
    ID = "id", "Indonesia"
    ASIA = "asia", "Elsewhere in Asia"
    OTHER = "other", "Elsewhere"
    SEVERAL = "several", "Several regions"


# What can be said of each kind alone: key, label, example.
KIND_FACTS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    Kind.TOOL: (("release", "Release", "2.4 of March 2026"), ("limits", "Limits", "files up to 3 MB")),
    Kind.MODEL: (
        ("size", "Size", "7 billion parameters"),
        ("longest_input", "Longest input", "32,000 tokens"),
        ("licence", "Licence of the model", "Apache-2.0"),
        ("trained_on", "Trained on", "public web text until 2025"),
    ),
    Kind.DATASET: (
        ("rows", "Rows", "1.2 million"),
        ("formats", "Formats", "CSV, Parquet"),
        ("data_licence", "Licence of the data", "CC BY 4.0"),
        ("source", "Collected from", "public registers of 12 countries"),
        ("updated", "Updated", "every Monday"),
    ),
    Kind.COMPUTE: (
        ("hardware", "Hardware", "1 GPU with 24 GB"),
        ("memory", "Memory", "64 GB"),
        ("available", "Available", "around the clock"),
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
        raise NotUsable("Choose one of the four kinds.")
    known = {key for key, _, _ in KIND_FACTS[kind]}
    for key, text in kind_facts.items():
        if key not in known or not isinstance(text, str) or not 0 < len(text) <= LONGEST_FACT:
            raise NotUsable(f"“{key}” is not a fact of this kind, or longer than {LONGEST_FACT} characters.")
    if unknown := set(languages) - set(LANGUAGES):
        raise NotUsable(f"We do not know the language “{sorted(unknown)[0]}”.")


def of_kind(source: Facts) -> list[tuple[str, str]]:
    """Label and text of what the thing is, in the order of the page; what is not stated is left out."""
    labels = {key: label for key, label, _ in KIND_FACTS.get(source.kind, ())}
    rows = [("Kind", str(Kind(source.kind).label)), ("Model", source.model_name)]
    rows += [(labels[key], str(text)) for key, text in source.kind_facts.items() if key in labels]
    rows.append(("Languages", ", ".join(LANGUAGES.get(code, code) for code in source.languages)))
    return [row for row in rows if row[1]]


def of_data(source: Facts) -> list[tuple[str, str]]:
    """Label and text of what happens to a buyer's data; everything is there, for what is not stated matters too."""
    return [
        ("What is sent where", source.data_sent or NOT_SAID),
        ("Where it is processed", str(Region(source.region).label) if source.region else NOT_SAID),
        ("How long it is kept", _retention(source.retention_days)),
        ("Used for training", {True: "Yes", False: "No", None: NOT_SAID}[source.trains_on_input]),
        ("Who else sees it", source.subprocessors or NOT_SAID),
    ]


NOT_SAID: Final = "The provider has not said."


def _retention(days: int | None) -> str:
    if days is None:
        return NOT_SAID
    if days == 0:
        return "Not at all: it is deleted with the answer."
    return "1 day" if days == 1 else f"{days} days"
