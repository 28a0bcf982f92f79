"""What a proposal does, in a sentence that a shop owner understands."""

import pytest
from eth_utils.crypto import keccak

from chain import abi
from governance.effects import effect_of, effects_of
from governance.facts import Facts
from governance.models import Proposal
from governance.reading import for_show
from governance.words import SPACE, duration, number, percent, roughly, share
from tests.governance.guild import DELAY, GUILD, MIN_DELAY, PARAMS, PERIOD, STRANGER, TOM, UMA, Guild, Voting

pytestmark = pytest.mark.django_db


def told(guild: Guild, target: str, contract: str, function: str, *args: object, value: int = 0) -> str:
    data = abi.encode_call(contract, function, *args)
    return effect_of(Facts.of(guild.row()), target, value, data).sentence.replace(SPACE, " ")


def test_a_fee_change_says_from_what_to_what_and_that_running_orders_keep_theirs(guild: Guild) -> None:
    target, _, data = (each[0] for each in guild.set_fee(300))
    effect = effect_of(Facts.of(guild.row()), target, 0, data)
    assert effect.sentence.replace(SPACE, " ") == (
        "The fee on new subscriptions goes from 2.5 % to 3 %. Running ones keep theirs."
    )
    assert [(change.label, change.today.replace(SPACE, " ")) for change in effect.changes] == [("Fee", "2.5 %")]


def test_each_changed_field_has_its_sentence_and_the_others_are_silent(guild: Guild) -> None:
    values = {**PARAMS, "hold": 2 * 86_400, "treasury": UMA}
    sentence = told(guild, guild.escrow, "MarketEscrow", "setParams", *values.values())
    assert "Providers wait 2 days instead of 1 day" in sentence
    assert "The fee on new subscriptions goes to 0x9965…A4dc instead of 0xf39F…2266." in sentence
    assert "%" not in sentence
    assert "arbiter" not in sentence


def test_a_change_to_what_is_already_so_is_called_nothing(guild: Guild) -> None:
    assert "Nothing changes." in told(guild, guild.escrow, "MarketEscrow", "setParams", *PARAMS.values())


@pytest.mark.parametrize(
    ("contract", "function", "args", "sentence"),
    [
        ("escrow", "pause", (), "No new subscription can be paid until this is taken back. Releases, refunds and"),
        ("escrow", "unpause", (), "New subscriptions can be paid again."),
        ("escrow", "setToken", ("DOLLAR", True), "New subscriptions can be paid in TUSD."),
        ("escrow", "setToken", ("DOLLAR", False), "New subscriptions can no longer be paid in TUSD."),
        ("governor", "setVotingPeriod", (7 * 86_400,), "A vote is open for 7 days instead of 1 minute 40 seconds."),
        ("governor", "updateQuorumNumerator", (10,), "A vote counts when 10 % of all votes take part, instead of 4 %."),
        (
            "governor",
            "setProposalThreshold",
            (5 * GUILD,),
            "Who wants to propose needs 5 GUILD instead of 1,000 GUILD.",
        ),
        ("timelock", "updateDelay", (86_400,), "What passes waits 1 day instead of 50 seconds before it takes effect."),
        ("dollar", "transfer", (STRANGER, 500_000_000), "Sends 500 TUSD from the timelock to 0x14dC…9955."),
        ("dollar", "transferFrom", (TOM, UMA, 5_000_000), "Sends 5 TUSD from 0x15d3…6A65 to 0x9965…A4dc; 0x15d3…6A65"),
        ("dollar", "approve", (UMA, 7_000_000), "0x9965…A4dc may take up to 7 TUSD from the timelock, at any time."),
        ("dollar", "approve", (UMA, 0), "0x9965…A4dc may take no more of it from the timelock."),
        ("dollar", "approve", (UMA, 2**256 - 1), "0x9965…A4dc may take all TUSD that the timelock has or will have"),
        ("dollar", "mint", (UMA, 1_000_000), "Makes 1 TUSD for 0x9965…A4dc."),
        ("escrow", "setArbiter", (UMA, True), "0x9965…A4dc may rule on disputes."),
        ("escrow", "setArbiter", (UMA, False), "0x9965…A4dc may no longer rule on disputes."),
        (
            "governor",
            "setLateQuorumVoteExtension",
            (60,),
            "A quorum reached late leaves 1 minute instead of 20 seconds",
        ),
        (
            "governor",
            "updateTimelock",
            (UMA,),
            "What passes is carried out by another timelock: 0x9965…A4dc instead of",
        ),
        ("timelock", "grantRole", (keccak(text="PROPOSER_ROLE"), UMA), "0x9965…A4dc may put calls into the timelock"),
        ("timelock", "grantRole", (keccak(text="EXECUTOR_ROLE"), "0x" + 40 * "0"), "anybody may carry out what has"),
        (
            "timelock",
            "grantRole",
            (keccak(text="ATTESTOR_ROLE"), UMA),
            "0x9965…A4dc may vouch for where data comes from",
        ),
        (
            "timelock",
            "revokeRole",
            (bytes(32), UMA),
            "0x9965…A4dc may no longer give and take all roles, on GuildTimelock.",
        ),
        ("timelock", "updateDelay", (50,), "Sets Wait before execution to what it is already. Nothing changes."),
        (
            "governor",
            "setVotingDelay",
            (60,),
            "Voting starts 1 minute after a proposal is made; today it is 10 seconds.",
        ),
    ],
)
def test_every_call_of_the_market_has_a_sentence(
    guild: Guild, contract: str, function: str, args: tuple[object, ...], sentence: str
) -> None:
    names = {"escrow": "MarketEscrow", "governor": "GuildGovernor", "timelock": "GuildTimelock", "dollar": "TestDollar"}
    values = [guild.dollar if each == "DOLLAR" else each for each in args]
    assert told(guild, getattr(guild, contract), names[contract], function, *values).startswith(sentence)


def test_another_known_call_is_decoded_and_an_unknown_one_admitted(guild: Guild) -> None:
    facts = Facts.of(guild.row())
    data = abi.encode_call(
        "TestDollar", "transferWithAuthorization", UMA, TOM, 7, 0, 9, bytes(32), 27, bytes(32), bytes(32)
    )
    assert effect_of(facts, guild.dollar, 0, data).sentence.startswith(
        f"Calls TestDollar.transferWithAuthorization(from: {UMA}, to: {TOM}, value: 7, "
    )
    unknown = effect_of(facts, STRANGER, 0, b"\x12\x34\x56\x78" + bytes(64))
    assert "68 bytes that this site cannot read" in unknown.sentence
    assert unknown.data == "0x12345678" + 128 * "0"
    cut = effect_of(facts, guild.escrow, 0, abi.encode_call("MarketEscrow", "setParams", *PARAMS.values())[:40])
    assert "cannot read" in cut.sentence


def test_a_call_to_a_contract_that_nobody_knows_is_read_by_its_usual_meaning_and_says_so(guild: Guild) -> None:
    data = abi.encode_call("TestDollar", "transfer", UMA, 5_000)
    effect = effect_of(Facts.of(guild.row()), STRANGER, 0, data)
    assert effect.sentence == ("Sends 5,000 base units of the token at 0x14dC…9955 from the timelock to 0x9965…A4dc.")
    assert "does not know the contract" in effect.beware
    assert effect.call == f"0x14dC…9955.transfer(to: {UMA}, value: 5000)"


def test_what_takes_power_from_the_votes_is_said_with_a_warning(guild: Guild) -> None:
    facts = Facts.of(guild.row())
    proposer = keccak(text="PROPOSER_ROLE")
    calls = {
        "needs no vote": abi.encode_call("GuildTimelock", "grantRole", proposer, UMA),
        "from the voting contract itself": abi.encode_call("GuildTimelock", "revokeRole", proposer, guild.governor),
        "does not know this role": abi.encode_call("GuildTimelock", "grantRole", keccak(text="ODD"), UMA),
    }
    for words, data in calls.items():
        assert words in effect_of(facts, guild.timelock, 0, data).beware
    usual = abi.encode_call("GuildTimelock", "grantRole", proposer, guild.governor)
    assert effect_of(facts, guild.timelock, 0, usual).beware == ""


def test_what_is_on_or_off_is_told_from_today_to_then(guild: Guild) -> None:
    facts = Facts.of(guild.row())

    def changes(contract: str, name: str, function: str, *args: object) -> list[tuple[str, str, str]]:
        effect = effect_of(facts, contract, 0, abi.encode_call(name, function, *args))
        return [(change.label, change.today, change.then) for change in effect.changes]

    proposer = keccak(text="PROPOSER_ROLE")
    assert changes(guild.timelock, "GuildTimelock", "revokeRole", proposer, guild.governor) == [
        ("Has this right", "yes", "no")
    ]
    assert changes(guild.timelock, "GuildTimelock", "grantRole", proposer, UMA) == [("Has this right", "no", "yes")]
    assert changes(guild.escrow, "MarketEscrow", "pause") == [("New payments", "open", "paused")]
    assert changes(guild.escrow, "MarketEscrow", "setToken", guild.dollar, True) == [
        ("Payment in TUSD", "not accepted", "accepted")
    ]
    assert changes(guild.escrow, "MarketEscrow", "setArbiter", UMA, True) == [("0x9965…A4dc", "no arbiter", "arbiter")]


def test_what_the_governor_calls_itself_is_told_as_what_it_calls(guild: Guild) -> None:
    inner = abi.encode_call("TestDollar", "transfer", UMA, 5_000_000)
    sentence = told(guild, guild.governor, "GuildGovernor", "relay", guild.dollar, 0, inner)
    assert sentence == "As the voting contract itself: Sends 5 TUSD from the timelock to 0x9965…A4dc."


def test_money_sent_along_is_never_left_out(guild: Guild) -> None:
    facts = Facts.of(guild.row())
    assert effect_of(facts, STRANGER, 10**18, b"").sentence == "Sends 1 ETH from the timelock to 0x14dC…9955."
    assert told(guild, guild.escrow, "MarketEscrow", "pause", value=1).endswith("Sends 0.000000000000000001 ETH along.")


def executed(guild: Guild, bps: int) -> Voting:
    voting = guild.propose(guild.set_fee(bps), f"To {bps}")
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, 1)
    guild.pass_time(PERIOD)
    voting.act("queue")
    guild.pass_time(MIN_DELAY + 1)
    voting.act("execute")
    return voting


def test_an_executed_change_is_told_against_what_was_before_it(guild: Guild) -> None:
    first, second = executed(guild, 300), executed(guild, 400)
    guild.copy()
    facts = Facts.of(guild.row())
    sentences = [
        effects_of(for_show(Proposal.objects.all()).get(proposal_id=voting.id), facts)[0].sentence.replace(SPACE, " ")
        for voting in (first, second)
    ]
    assert "from 2.5 % to 3 %" in sentences[0]
    assert "from 3 % to 4 %" in sentences[1]


def test_figures_are_written_as_people_write_them() -> None:
    assert [percent(value).replace(SPACE, " ") for value in (0, 1, 250, 1000)] == ["0 %", "0.01 %", "2.5 %", "10 %"]
    assert duration(129_600) == "1 day 12 hours"
    assert roughly(129_600) == "36 hours"
    assert number(1_234_567_890, 6) == "1,234.56"
    assert number(5, 0) == "5"
    assert (share(1, 3), share(0, 0), share(1, 10**9), share(10**9 - 1, 10**9)) == (33.3, 0.0, 0.1, 99.9)
