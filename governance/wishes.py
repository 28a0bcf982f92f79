"""What people want changed: forms that become calls. Each form shows what holds today, and asks for nothing else."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from chain import abi
from governance.drafting import Wanted
from governance.facts import ESCROW, Facts
from governance.forms import AddressField
from governance.models import ClockMode, Setting
from governance.typed import SpanField, base_units, span, whole_units

LONGEST = 30_000
SWITCH = [("yes", gettext_lazy("Allow")), ("no", gettext_lazy("Forbid"))]
ROLES = [
    ("PROPOSER_ROLE", gettext_lazy("put calls into the timelock without a vote")),
    ("CANCELLER_ROLE", gettext_lazy("stop what waits in the timelock")),
    ("EXECUTOR_ROLE", gettext_lazy("carry out what has waited long enough")),
    ("DEFAULT_ADMIN_ROLE", gettext_lazy("give and take all roles")),
]
NOTHING = gettext_lazy("Nothing would change.")
UNIT_HINT = gettext_lazy("A number and a unit: s, min, h or d.")
NUMBER = {"inputmode": "decimal", "step": "any"}


class Wish(forms.Form):
    """Becomes `calls` when it is valid; one that would change nothing is not."""

    name: ClassVar[Any] = ""

    def __init__(self, data: Any = None, *, facts: Facts) -> None:
        super().__init__(data, initial=self.today(facts))
        self.facts = facts
        self.calls: list[Wanted] = []

    @classmethod
    def today(cls, facts: Facts) -> dict[str, Any]:
        """What holds today, under the names of the fields."""
        return {}

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.calls = self.made(found)
            except EncodingError:
                raise forms.ValidationError(_("One of the figures is too large for the contract.")) from None
            if not self.calls:
                raise forms.ValidationError(NOTHING)
        return found

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        raise NotImplementedError

    def escrow(self, function: str, *args: Any) -> list[Wanted]:
        """A call of the market's escrow."""
        contract = self.facts.escrow()
        return [Wanted(contract.address, 0, abi.encode_call(ESCROW, function, *args))] if contract else []


class Rules(Wish):
    name = gettext_lazy("Fee, hold and deadlines of the market")
    fee = forms.DecimalField(
        label=gettext_lazy("Fee in percent"),
        min_value=0,
        max_value=10,
        decimal_places=2,
        widget=forms.NumberInput(NUMBER),
    )
    treasury = AddressField(label=gettext_lazy("Fee goes to"))
    hold = SpanField(label=gettext_lazy("Hold"), help_text=UNIT_HINT)
    ruling = SpanField(label=gettext_lazy("Time to rule"), help_text=UNIT_HINT)
    closing = SpanField(label=gettext_lazy("Closing delay"), help_text=UNIT_HINT)

    @classmethod
    def _params(cls, facts: Facts) -> dict[str, Any]:
        contract = facts.escrow()
        return (facts.params[contract.address.lower()].before(None) if contract else None) or {}

    @classmethod
    def today(cls, facts: Facts) -> dict[str, Any]:
        held = cls._params(facts)
        if not held:
            return {}
        spans = {"hold": "hold", "ruling": "arbiterTime", "closing": "closeDelay"}
        found = {field: span(held[name]) for field, name in spans.items()}
        return {"fee": Decimal(held["feeBps"]).scaleb(-2), "treasury": held["treasury"], **found}

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        wanted = {
            "feeBps": int(values["fee"] * 100),
            "treasury": values["treasury"],
            "hold": values["hold"],
            "arbiterTime": values["ruling"],
            "closeDelay": values["closing"],
        }
        return [] if wanted == self._params(self.facts) else self.escrow("setParams", *wanted.values())


class Currency(Wish):
    name = gettext_lazy("Accept a currency, or no longer")
    token = AddressField(label=gettext_lazy("Token's address"))
    allowed = forms.ChoiceField(label=gettext_lazy("New subscriptions in it"), choices=SWITCH)

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        return self.escrow("setToken", values["token"], values["allowed"] == "yes")


class Arbiter(Wish):
    name = gettext_lazy("Name an arbiter, or dismiss one")
    who = AddressField(label=gettext_lazy("Account"))
    allowed = forms.ChoiceField(label=gettext_lazy("Rulings on disputes"), choices=SWITCH)

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        return self.escrow("setArbiter", values["who"], values["allowed"] == "yes")


class Pause(Wish):
    name = gettext_lazy("Stop new payments, or let them go on")
    what = forms.ChoiceField(
        label=gettext_lazy("New payments"),
        choices=[("pause", gettext_lazy("Stop them")), ("unpause", gettext_lazy("Let them go on"))],
    )

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        return self.escrow(values["what"])


class Votes(Wish):
    """One call for each rule that changes."""

    name = gettext_lazy("How votes are held")
    delay = SpanField(label=gettext_lazy("Voting delay"), help_text=UNIT_HINT)
    period = SpanField(label=gettext_lazy("Voting period"), help_text=UNIT_HINT)
    extension = SpanField(label=gettext_lazy("Extension"), help_text=UNIT_HINT)
    threshold = forms.DecimalField(
        label=gettext_lazy("Votes to propose"), min_value=0, max_digits=60, widget=forms.NumberInput(NUMBER)
    )
    quorum = forms.DecimalField(
        label=gettext_lazy("Quorum in percent"), min_value=0, max_value=100, widget=forms.NumberInput(NUMBER)
    )
    wait = SpanField(label=gettext_lazy("Wait before execution"), help_text=UNIT_HINT)

    FIELDS: ClassVar = {
        "delay": (Setting.Name.VOTING_DELAY, "setVotingDelay"),
        "period": (Setting.Name.VOTING_PERIOD, "setVotingPeriod"),
        "extension": (Setting.Name.LATE_QUORUM_EXTENSION, "setLateQuorumVoteExtension"),
        "threshold": (Setting.Name.PROPOSAL_THRESHOLD, "setProposalThreshold"),
        "quorum": (Setting.Name.QUORUM_NUMERATOR, "updateQuorumNumerator"),
        "wait": (Setting.Name.MIN_DELAY, "updateDelay"),
    }

    @classmethod
    def today(cls, facts: Facts) -> dict[str, Any]:
        blocks = facts.governor.clock_mode == ClockMode.BLOCK_NUMBER
        held = {field: facts.setting(name) or 0 for field, (name, _function) in cls.FIELDS.items()}
        shown: dict[str, Any] = {
            field: str(held[field]) if blocks and field != "wait" else span(held[field])
            for field in ("delay", "period", "extension", "wait")
        }
        shown["threshold"] = whole_units(held["threshold"], facts.governor.token.decimals)
        quorum = Decimal(held["quorum"]) * 100 / facts.governor.quorum_denominator
        return {**shown, "quorum": f"{quorum.normalize():f}"}

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        governor, found = self.facts.governor, []
        wanted = dict(values)
        wanted["threshold"] = base_units(values["threshold"], governor.token.decimals)
        numerator = Fraction(values["quorum"]) * governor.quorum_denominator / 100
        if numerator.denominator != 1:
            raise forms.ValidationError(_("The voting contract does not know parts of a percent that small."))
        wanted["quorum"] = int(numerator)
        for field, (name, function) in self.FIELDS.items():
            if wanted[field] != self.facts.setting(name):
                of_timelock = field == "wait"
                target = governor.timelock if of_timelock else governor.address
                contract = "GuildTimelock" if of_timelock else "GuildGovernor"
                found.append(Wanted(target, 0, abi.encode_call(contract, function, wanted[field])))
        return found


class Money(Wish):
    """Of the timelock's own; the first choice is the chain's own coin."""

    token = forms.ChoiceField(label=gettext_lazy("Currency"))
    to = AddressField(label=gettext_lazy("To"))
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=0, max_digits=60, widget=forms.NumberInput(NUMBER)
    )

    def __init__(self, data: Any = None, *, facts: Facts) -> None:
        super().__init__(data, facts=facts)
        tokens = [(row.address, row.symbol) for row in facts.tokens.values()]
        self.fields["token"].choices = [*([("", "ETH")] if self.with_coin else []), *tokens]  # type: ignore[attr-defined]
        self.fields["token"].required = not self.with_coin

    with_coin: ClassVar[bool] = True


class Transfer(Money):
    name = gettext_lazy("Send money from the treasury")

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        if not values["token"]:
            return [Wanted(values["to"], base_units(values["amount"], 18), b"")] if values["amount"] else []
        units = base_units(values["amount"], self.facts.tokens[values["token"].lower()].decimals)
        return (
            [Wanted(values["token"], 0, abi.encode_call("GuildToken", "transfer", values["to"], units))]
            if units
            else []
        )


class Allowance(Money):
    name = gettext_lazy("Let an account take money from the treasury")
    with_coin = False

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        units = base_units(values["amount"], self.facts.tokens[values["token"].lower()].decimals)
        return [Wanted(values["token"], 0, abi.encode_call("GuildToken", "approve", values["to"], units))]


class Role(Wish):
    name = gettext_lazy("Give or take a right over the timelock")
    role = forms.ChoiceField(label=gettext_lazy("Right"), choices=ROLES)
    account = AddressField(label=gettext_lazy("Account"))
    allowed = forms.ChoiceField(label=gettext_lazy("What happens to it"), choices=SWITCH)

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        role = bytes(32) if values["role"] == "DEFAULT_ADMIN_ROLE" else keccak(text=values["role"])
        function = "grantRole" if values["allowed"] == "yes" else "revokeRole"
        data = abi.encode_call("GuildTimelock", function, role, values["account"])
        return [Wanted(self.facts.governor.timelock, 0, data)]


class Raw(Wish):
    name = gettext_lazy("Any call, for experts")
    target = AddressField(label=gettext_lazy("Contract"))
    value = forms.IntegerField(label=gettext_lazy("Wei to send along"), min_value=0, max_value=2**128, initial=0)
    call = forms.CharField(
        label=gettext_lazy("Bytes of the call"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("As hexadecimal, with 0x in front."),
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
    )

    def clean_call(self) -> bytes:
        try:
            return bytes.fromhex("".join(self.cleaned_data["call"].split()).removeprefix("0x"))
        except ValueError:
            raise forms.ValidationError(_("This is not hexadecimal.")) from None

    def made(self, values: dict[str, Any]) -> list[Wanted]:
        return [Wanted(values["target"], values["value"], values["call"])]


OF_THE_MARKET: dict[str, type[Wish]] = {"rules": Rules, "currency": Currency, "arbiter": Arbiter, "pause": Pause}
OF_ALL: dict[str, type[Wish]] = {
    "votes": Votes, "transfer": Transfer, "allowance": Allowance, "role": Role, "raw": Raw,
}  # fmt: skip


def kinds(facts: Facts) -> dict[str, type[Wish]]:
    """What can be wished for: of another DAO than the market's own nothing about the market."""
    ours = facts.governor.is_own and facts.escrow() is not None
    return {**(OF_THE_MARKET if ours else {}), **OF_ALL}
