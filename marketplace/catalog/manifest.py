"""A listing as one document: the JSON of the API, and the YAML file of the same keys that people keep and send."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final

import yaml
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from rest_framework import serializers

from marketplace.catalog import plans, schemas
from marketplace.catalog.facts import FIELDS, LANGUAGES, Kind, Region
from marketplace.catalog.forms.typing import amount
from marketplace.catalog.media import LONGEST_ALT, Media, named, resolved
from marketplace.catalog.models import Category, Currency, ListingVersion
from marketplace.catalog.plans import PlanTerms
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.wording import Wording

LONGEST: Final = 500_000  # characters of a file; an example may carry a small file itself
DEEPEST: Final = schemas.DEEPEST + 2
MOST_VALUES: Final = 20_000
SAME: Final = ("name", "summary", "description", "endpoint", "input_schema", "output_schema", "example")


class PlanInput(serializers.Serializer[Any]):
    """One plan. A price of 0 is a free plan; `included_calls` left out means as many as one likes.

    With `period_seconds` 0 the price is for a call, paid out of a deposit of the buyer's.
    """

    name = serializers.CharField(max_length=plans.LONGEST_NAME)
    price = serializers.DecimalField(
        max_digits=60,
        decimal_places=30,
        min_value=Decimal(0),
        help_text="For one period, or for a call, as people write it: 29.00.",
    )
    currency = serializers.CharField(max_length=80, help_text="Symbol, or chain and token: eip155:1:0xA0b8….")
    period_seconds = serializers.IntegerField(
        min_value=0, max_value=plans.LONGEST, help_text="0: the price is for a call. Otherwise at least 60."
    )
    included_calls = serializers.IntegerField(min_value=1, max_value=plans.MOST_CALLS, required=False)
    trial_calls = serializers.IntegerField(min_value=0, max_value=plans.MOST_TRIAL_CALLS, default=0)
    trial_days = serializers.IntegerField(min_value=0, max_value=plans.MOST_TRIAL_DAYS, default=0)
    grace_calls = serializers.IntegerField(
        min_value=0, max_value=plans.MOST_GRACE_CALLS, default=0, help_text="Calls that pass after the paid time."
    )
    grace_days = serializers.IntegerField(
        min_value=0, max_value=plans.MOST_GRACE_DAYS, default=0, help_text="For how many days after it."
    )
    least_deposit = serializers.DecimalField(
        max_digits=60, decimal_places=30, min_value=Decimal(0), default=Decimal(0),
        help_text="Least that a buyer puts in for calls, when the price is for a call.",
    )  # fmt: skip
    overage_price = serializers.DecimalField(
        max_digits=60, decimal_places=30, min_value=Decimal(0), default=Decimal(0),
        help_text="Price of each call beyond those included; left out, none are sold.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        currency = _currency(attrs["currency"])
        exact = {}
        for name in ("price", *plans.AMOUNTS):
            try:
                exact[name] = currency.in_base_units(attrs[name])
            except ValueError as problem:
                raise serializers.ValidationError({name: str(problem)}) from None
        return attrs | {"currency": currency, **exact}


def _currency(text: str) -> Currency:
    chain, _colon, token = text.rpartition(":")
    wanted = {"chain": chain, "address": token} if chain else {"symbol": text}
    found = list(Currency.objects.filter(accepted=True, **wanted)[:2])
    if not found:
        raise serializers.ValidationError({"currency": _("This market does not accept “%(text)s”.") % {"text": text}})
    if len(found) > 1:
        several = _("Several tokens are called “%(text)s”. Say which, by chain and token.") % {"text": text}
        raise serializers.ValidationError({"currency": several})
    return found[0]


class PictureInput(serializers.Serializer[Any]):
    """A picture that the organization has sent before, by the SHA-256 of its largest file."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", max_length=64)
    alt = serializers.CharField(max_length=LONGEST_ALT, help_text="What it shows, for who cannot see it.")


class ListingInput(serializers.Serializer[Any]):
    """What a provider says of a tool. `reference` is the provider's own name for it, by which it is found again."""

    reference = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)
    name = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=140)
    description = serializers.CharField(max_length=10_000, help_text="Markdown.", trim_whitespace=False)
    category = serializers.SlugRelatedField(slug_field="slug", queryset=Category.objects.all())
    endpoint = serializers.CharField(max_length=300, help_text="Buyers never see it.")
    input_schema = serializers.DictField(help_text="JSON Schema; the buyers' form is made from it.")
    output_schema = serializers.DictField(default=dict)
    example = serializers.DictField(help_text="An input that gives a good first result.")
    plans = PlanInput(many=True)
    kind = serializers.ChoiceField(Kind.choices, default=Kind.TOOL)
    kind_facts = serializers.DictField(child=serializers.CharField(), default=dict)
    model_name = serializers.CharField(max_length=120, allow_blank=True, default="")
    languages = serializers.ListField(child=serializers.ChoiceField(list(LANGUAGES.items())), default=list)
    data_sent = serializers.CharField(max_length=600, allow_blank=True, default="")
    region = serializers.ChoiceField([("", "Not said"), *Region.choices], default="")
    retention_days = serializers.IntegerField(min_value=0, max_value=3650, allow_null=True, default=None)
    trains_on_input = serializers.BooleanField(allow_null=True, default=None)
    subprocessors = serializers.CharField(max_length=1000, allow_blank=True, default="")
    media = PictureInput(many=True, required=False, help_text="In order. Left out, pictures stay as they are.")
    submit = serializers.BooleanField(default=False, help_text="Hand it to the moderators at once.")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({unknown[0]: [_("There is no such field.")]})
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("input_schema", "output_schema", "example"):
            longest = schemas.LONGEST_EXAMPLE if name == "example" else schemas.LONGEST
            try:
                attrs[name] = schemas.storable(attrs[name], longest)
            except NotUsable as problem:
                raise serializers.ValidationError({name: [str(problem)]}) from None
        if "media" in attrs:
            attrs["media"] = self._pictures(attrs["media"])
        given = {name: value for name, value in attrs.items() if name not in ("reference", "submit", "plans")}
        wording = Wording(**given, plans=tuple(PlanTerms(**plan) for plan in attrs["plans"]))
        problems: dict[str, list[str]] = {}
        for name, sentence in wording.problems():
            problems.setdefault(name, []).append(sentence)
        if problems:
            raise serializers.ValidationError(problems)
        return {"reference": attrs["reference"], "wording": wording, "submit": attrs["submit"]}

    def _pictures(self, given: list[dict[str, Any]]) -> Media:
        """Those of the organization for which this is read; `context` names it."""
        try:
            return resolved(self.context["org_id"], given)
        except NotUsable as problem:
            raise serializers.ValidationError({"media": [str(problem)]}) from None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values only. Dates, which JSON has not, stay the text that they are."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _look(text: str) -> None:
    """Raise NotUsable for what would cost more to read than its length says: aliases, depth, a great many values."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, _Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise NotUsable(_("Write everything out: names such as *this, for what stands elsewhere, are not taken."))
        if depth > DEEPEST or number > MOST_VALUES:
            raise NotUsable(_("This is more than a listing can hold."))


def from_yaml(text: str) -> dict[str, Any]:
    """The document in a file; raises NotUsable with the line of the mistake."""
    if len(text) > LONGEST:
        raise NotUsable(
            _("This file is longer than %(most)s characters.") % {"most": number_format(LONGEST, force_grouping=True)}
        )
    try:
        _look(text)
        found = yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader that takes less)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise NotUsable(_("This is not valid YAML (line %(line)d).") % {"line": line}) from None
    except NotUsable:
        raise
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NotUsable(_("This is not valid YAML.")) from None
    if not isinstance(found, dict):
        raise NotUsable(_("A listing is written as “name: value”, one a line."))
    return found


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, as people write them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(version: ListingVersion, reference: str) -> str:
    """A version as a file that can be sent again."""
    return str(yaml.dump(document(version, reference), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def document(version: ListingVersion, reference: str) -> dict[str, Any]:
    """A version with the keys of ListingInput; what is not said is left out."""
    found: dict[str, Any] = {"reference": reference, "name": version.name, "summary": version.summary}
    found |= {"category": version.category.slug if version.category else "", "kind": version.kind}
    found |= {name: getattr(version, name) for name in SAME if name not in found}
    found["plans"] = [_plan(plan) for plan in plans.read(version.plans)]
    if version.media:
        found["media"] = named(version.media)
    found |= {name: getattr(version, name) for name in FIELDS if getattr(version, name) not in ("", None, [], {})}
    return found


def _plan(plan: PlanTerms) -> dict[str, Any]:
    name = plan.currency.symbol
    if Currency.objects.filter(symbol=name, accepted=True).count() != 1:
        name = f"{plan.currency.chain}:{plan.currency.address}"
    said: dict[str, Any] = {"name": plan.name, "price": amount(plan.price, plan.currency), "currency": name}
    said |= {"period_seconds": plan.period_seconds}
    said |= {key: amount(value, plan.currency) for key in plans.AMOUNTS if (value := getattr(plan, key))}
    return said | {key: value for key in plans.OPTIONAL if (value := getattr(plan, key))}
