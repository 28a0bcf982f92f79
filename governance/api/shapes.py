"""What is told of DAOs, proposals and votes. Amounts and ids are decimal text: they exceed what JSON numbers hold."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from governance.effects import Effect
from governance.models import Governor, Support, Vote

Shape = serializers.Serializer


class BlockSerializer(Shape[Any]):
    """A block, its time in Unix seconds, and whether it can no longer be taken back."""

    number = serializers.IntegerField()
    hash = serializers.CharField()
    at = serializers.IntegerField()
    final = serializers.BooleanField()


class LogSerializer(Shape[Any]):
    """Where it stands on the chain, its time in Unix seconds, and whether it can no longer be taken back."""

    block = serializers.IntegerField(source="number")
    transaction = serializers.CharField(source="tx_hash")
    at = serializers.IntegerField(source="block.timestamp")
    final = serializers.BooleanField(source="block.is_final")


class TokenSerializer(Shape[Any]):
    """The token whose holders vote. Weights and powers are in its base units."""

    address = serializers.CharField()
    symbol = serializers.CharField()
    decimals = serializers.IntegerField()
    kind = serializers.CharField()


class CheckSerializer(Shape[Any]):
    """When the contract itself was last asked, at which block, and in how many proposals it said otherwise."""

    block = serializers.IntegerField(source="number")
    at = serializers.DateTimeField(source="checked_at")
    proposals = serializers.IntegerField()
    differences = serializers.SerializerMethodField()

    def get_differences(self, row: Any) -> int:
        return len(row.differences)


class DaoSerializer(Shape[Any]):
    """A DAO that is followed. `clock`: what its times count, Unix seconds or blocks. `complete`: its past is read."""

    slug = serializers.CharField()
    name = serializers.CharField()
    chain = serializers.CharField()
    governor = serializers.CharField(source="address")
    timelock = serializers.CharField(allow_blank=True)
    timelock_kind = serializers.CharField()
    own = serializers.BooleanField(source="is_own")
    clock = serializers.CharField(source="clock_mode")
    token = TokenSerializer()
    complete = serializers.SerializerMethodField()
    counted_at_block = serializers.IntegerField(source="counted_number")
    check = CheckSerializer(source="last_check", allow_null=True, default=None)

    def get_complete(self, row: Governor) -> bool:
        return row.caught_up_at is not None


class SettingSerializer(Shape[Any]):
    """A rule of the vote: its value, and the log that set it; none where it is fixed in the contract."""

    name = serializers.CharField()
    value = serializers.CharField()
    log = LogSerializer(allow_null=True)


class DaoDetailSerializer(DaoSerializer):
    """With its rules and how much of it there is."""

    block = BlockSerializer(allow_null=True)
    rules = SettingSerializer(many=True)
    votes_that_could_be = serializers.CharField()
    proposals = serializers.IntegerField()
    open_proposals = serializers.IntegerField()


class TallySerializer(Shape[Any]):
    """Votes in base units. `checked_block`: where the contract was last asked; `agrees`: whether it said the same."""

    for_votes = serializers.CharField(source="votes_for")
    against_votes = serializers.CharField(source="votes_against")
    abstain_votes = serializers.CharField(source="votes_abstain")
    voters = serializers.IntegerField()
    quorum = serializers.CharField(allow_null=True)
    final = serializers.BooleanField()
    checked_block = serializers.IntegerField(source="checked_number", allow_null=True)
    agrees = serializers.SerializerMethodField()

    def get_agrees(self, row: Any) -> bool | None:
        return None if row.checked_number is None else not row.differs


class ProposalSerializer(Shape[Any]):
    """A proposal as it stands. Starts, ends and `eta` are by the clock of the DAO; `eta` always in Unix seconds."""

    id = serializers.CharField(source="proposal.proposal_id")
    title = serializers.CharField(source="proposal.title")
    state = serializers.CharField(source="proposal.state")
    outcome = serializers.CharField()
    proposer = serializers.CharField(source="proposal.proposer")
    proposed = LogSerializer(source="proposal.log")
    vote_start = serializers.IntegerField(source="proposal.vote_start")
    vote_end = serializers.IntegerField(source="proposal.deadline")
    eta = serializers.IntegerField(source="proposal.eta", allow_null=True)
    due = serializers.CharField(allow_blank=True)
    tally = TallySerializer(source="proposal")
    quorum_reached = serializers.BooleanField(source="quorum.reached")
    effects = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    def get_effects(self, row: Any) -> list[str]:
        return [effect.sentence for effect in row.effects]

    def get_page(self, row: Any) -> str:
        return str(self.context["request"].build_absolute_uri(row.proposal.get_absolute_url()))


class ChangeSerializer(Shape[Any]):
    """A figure, as it is today or was before, and what it becomes; in words."""

    label = serializers.CharField()  # type: ignore[assignment]
    today = serializers.CharField()
    then = serializers.CharField()


class CallSerializer(Shape[Any]):
    """One call of a proposal: its bytes as they were proposed, and what they do; `decoded` is empty where nobody can
    read them."""

    target = serializers.CharField()
    value = serializers.CharField()
    data = serializers.CharField()  # type: ignore[assignment]
    target_name = serializers.CharField()
    decoded = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    changes = ChangeSerializer(many=True)
    affects = serializers.CharField(allow_blank=True)
    beware = serializers.CharField(allow_blank=True)


def call_told(target: str, value: Any, data: str, effect: Effect) -> dict[str, Any]:
    """What a CallSerializer tells of a call and of what it does."""
    return {
        "target": target,
        "value": value,
        "data": data,
        "target_name": effect.target_name,
        "decoded": effect.call,
        "sentence": effect.sentence,
        "changes": effect.changes,
        "affects": effect.affects,
        "beware": effect.beware,
    }


class StepSerializer(Shape[Any]):
    """What happened to it. `value`: the new end of voting, or when it can be carried out."""

    kind = serializers.CharField()
    value = serializers.IntegerField(allow_null=True)
    log = LogSerializer()


class SimulationSerializer(Shape[Any]):
    """What the node said would happen if its calls ran at that block; `failing` counts calls from 0."""

    outcome = serializers.CharField()
    failing = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    together = serializers.BooleanField()
    block = serializers.IntegerField(source="block_number")
    at = serializers.DateTimeField(source="tried_at")


class ProposalDetailSerializer(ProposalSerializer):
    """With its words, its calls, what happened to it and what a trial of it said."""

    block = BlockSerializer(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    operation = serializers.CharField()
    calls = CallSerializer(many=True)
    timeline = StepSerializer(many=True)
    simulation = SimulationSerializer(allow_null=True)


class VoteSerializer(Shape[Any]):
    """One vote; a weight of zero is possible."""

    voter = serializers.CharField()
    support = serializers.SerializerMethodField()
    weight = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    log = LogSerializer()

    def get_support(self, row: Vote) -> str:
        return Support(row.support).name.lower()


class OwnVoteSerializer(VoteSerializer):
    """The same in the list of what one account did."""

    proposal = serializers.CharField(source="proposal.proposal_id")


class DelegateSerializer(Shape[Any]):
    """Somebody with votes: for how many accounts, and in how many of the last `asked` votes they took part."""

    address = serializers.CharField()
    power = serializers.CharField()
    log = LogSerializer()
    delegators = serializers.IntegerField()
    voted = serializers.IntegerField()
    asked = serializers.IntegerField()
    statement = serializers.CharField(allow_null=True)


class VoterSerializer(Shape[Any]):
    """What one account is in a DAO. `votes` and `delegators`: up to 50; `proposed`: up to 20; newest first."""

    block = BlockSerializer(allow_null=True)
    address = serializers.CharField()
    power = serializers.CharField()
    delegate = serializers.CharField(allow_null=True)
    delegator_count = serializers.IntegerField()
    delegators = serializers.ListField(child=serializers.CharField())
    voted = serializers.IntegerField()
    asked = serializers.IntegerField()
    votes = OwnVoteSerializer(many=True)
    proposed = serializers.ListField(child=serializers.CharField())
    statement = serializers.CharField(allow_null=True)


class BallotSerializer(Shape[Any]):
    """The vote to be signed, or the signed one: the file that a page gives has these fields and more."""

    voter = serializers.CharField()
    support = serializers.ChoiceField(choices=[(0, "against"), (1, "for"), (2, "abstain")])
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class SignedBallotSerializer(BallotSerializer):
    """With the signature of the typed data, 0x-hex. Where they are given, the other fields of the file have to fit."""

    signature = serializers.CharField()
    chain = serializers.CharField(required=False)
    governor = serializers.CharField(required=False)
    proposalId = serializers.CharField(required=False)  # noqa: N815  (as in the file)


class TypedSerializer(Shape[Any]):
    """What the wallet signs by EIP-712 (`eth_signTypedData_v4`)."""

    typed_data = serializers.DictField()


class LifeSerializer(Shape[Any]):
    """How far a signed vote has come, and in which transaction and block. `problem`: why it was not counted."""

    state = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True)
    transaction = serializers.CharField(source="tx_hash", allow_blank=True)
    block = serializers.IntegerField(allow_null=True)
