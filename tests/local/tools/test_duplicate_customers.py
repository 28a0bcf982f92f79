"""The duplicate finder: the same customers whatever the order, the spelling or the format."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings.local.tools.customers import Customer, customers_of, email_of, name_of, phone_of, street_of
from settings.local.tools.duplicates import compare, groups_of, scored_pairs
from settings.local.tools.files import table_of

HEAD = "Kundennummer;Vorname;Nachname;Firma;E-Mail;Telefon;Straße;PLZ;Ort\n"
PEOPLE = [
    "1;Anna;Schmidt;;anna@example.org;0221 123456;Hauptstr. 12;50667;Köln",
    "2;Anna;Schmitt;;anna@example.org;+49 221 123456;Hauptstraße 12;50667;Köln",
    "3;Hans;Schmidt;;hans@example.org;;Hauptstraße 12;50667;Köln",
    "4;Jürgen;Müller;Müller Bau GmbH;info@mueller.example;030 998877;Bahnhofstr. 1;10115;Berlin",
    "5;J.;Mueller;Mueller Bau;;030/998877;;10115;Berlin",
    "6;Peter;Lang;;peter@example.org;;Ring 5;80331;München",
    "7;Peter;Lang;;;;Am Markt 3;20095;Hamburg",
    "8;Lea;Vogel;;lea.vogel@gmail.com;;;;",
    "9;Vogel;Lea;;LeaVogel+shop@googlemail.com;;;;",
]

words = st.sampled_from(["Anna", "Ana", "Hans", "Schmidt", "Schmitt", "Müller", "Mueller", "J.", ""])
rows = st.tuples(
    words,
    words,
    st.sampled_from(["a@example.org", "ab@example.org", ""]),
    st.sampled_from(["030 123456", "030 654321", ""]),
    st.sampled_from(["Ring 5", "Ringstr. 5", ""]),
    st.sampled_from(["10115", "50667", ""]),
)


def _customers(made: list[tuple[str, ...]]) -> list[Customer]:
    text = "first,last,email,phone,street,postcode,id\n" + "\n".join(",".join((*row, "x")) for row in made)
    return customers_of(table_of(text), "DE")[0]


def _groups(answer: dict[str, Any], text: str) -> set[frozenset[str]]:
    lines = text.splitlines()
    return {
        frozenset(lines[row["line"] - 1].split(";")[0] for row in group["rows"]) for group in answer["data"]["groups"]
    }


def test_the_same_people_are_found_and_different_ones_are_kept_apart(ask: Any, upload: Any) -> None:
    text = HEAD + "\n".join(PEOPLE)
    status, answer = ask("duplicate-customers", file=upload(text))
    assert status == 200
    assert _groups(answer, text) == {frozenset("12"), frozenset("45"), frozenset("89")}
    assert answer["summary"] == "3 groups of probable duplicates among 9 customers: merging them would remove 3 rows."
    first = next(group for group in answer["data"]["groups"] if group["rows"][0]["line"] == 2)
    assert {"same e-mail", "same phone number", "same address"} <= set(first["reasons"])


@settings(max_examples=150, deadline=None)
@given(made=st.lists(rows, min_size=2, max_size=2))
def test_being_alike_is_symmetrical_and_within_bounds(made: list[tuple[str, ...]]) -> None:
    one, other = _customers(made)
    assert compare(one, other) == compare(other, one)
    assert 0 <= compare(one, other)[0] <= 100


@settings(max_examples=60, deadline=None)
@given(made=st.lists(rows, min_size=2, max_size=12), chance=st.randoms())
def test_the_order_of_the_rows_changes_no_group(made: list[tuple[str, ...]], chance: Any) -> None:
    def groups(order: list[int]) -> set[frozenset[int]]:
        customers = _customers([made[place] for place in order])
        found = groups_of(len(customers), scored_pairs(customers, 80)[0])
        return {frozenset(order[place] for place in group) for group in found}

    shuffled = list(range(len(made)))
    chance.shuffle(shuffled)
    assert groups(shuffled) == groups(list(range(len(made))))


def test_a_higher_threshold_finds_no_more(ask: Any, upload: Any) -> None:
    text = HEAD + "\n".join(PEOPLE)
    found = [
        ask("duplicate-customers", file=upload(text), threshold=level)[1]["data"]["duplicates"]
        for level in (50, 80, 95, 100)
    ]
    assert found == sorted(found, reverse=True) and found[0] > found[-1]


def test_rows_that_say_nothing_are_not_each_others_duplicates(ask: Any, upload: Any) -> None:
    _, answer = ask("duplicate-customers", file=upload("id,name,email\n1,,\n2,,\n3,,\n"))
    assert answer["data"]["groups"] == []
    assert answer["summary"] == "No probable duplicates among 3 customers."


def test_a_phone_number_that_everybody_shares_is_no_hint_by_itself(ask: Any, upload: Any) -> None:
    names = [
        hashlib.sha256(bytes([n])).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))[:12]
        for n in range(80)
    ]
    text = "name,phone\n" + "\n".join(f"{name},030 123456" for name in names)
    _, answer = ask("duplicate-customers", file=upload(text))
    assert answer["data"]["groups"] == []
    assert any("shared by more than 60 customers" in note for note in answer["notes"])


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        ("Dr. Jürgen Müller", "MUELLER, Juergen", name_of),
        ("Müller Bau GmbH & Co. KG", "Mueller Bau", name_of),
        ("a.nna+shop@googlemail.com", "Anna@Gmail.com", email_of),
        ("Haupt-Str. 12 A", "Hauptstraße 12a", street_of),
        ("12 High St", "12 High Street", street_of),
    ],
)
def test_two_ways_of_writing_the_same_have_one_form(one: str, other: str, form: Any) -> None:
    assert form(one) == form(other)


def test_phone_numbers_have_one_form_in_their_country() -> None:
    assert phone_of("0221 123456", "DE") == phone_of("+49 (0)221 / 12 34 56", "US") == "+49221123456"
    assert phone_of("0221 123456", "AT") != phone_of("0221 123456", "DE")
    assert phone_of("call me", "DE") == ""


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        (
            "colour,shape\nred,round\n",
            422,
            "No column for a name, a company, an e-mail or a phone number was found among “colour”, “shape”.",
        ),
        ("name\n", 422, "The file has a heading line but no rows below it."),
        ("name,email\nAnna,a@example.org,x\n", 422, "Line 2 has 3 columns, but the heading has 2."),
        ("name\n" + "Anna\n" * 20_001, 413, "The file has 20,001 rows; at most 20,000 are allowed."),
    ],
)
def test_a_list_that_cannot_be_compared_gets_a_sentence(
    text: str, status: int, sentence: str, ask: Any, upload: Any
) -> None:
    assert ask("duplicate-customers", file=upload(text)) == (status, {"error": {"message": sentence, "field": "file"}})


def test_a_long_family_name_in_common_does_not_make_two_first_names_one(ask: Any, upload: Any) -> None:
    rows_ = (
        "Anna;Leutheusser-Schnarrenberger;Ring 5;10115;Berlin\nHans;Leutheusser-Schnarrenberger;Ring 5;10115;Berlin\n"
    )
    _, answer = ask("duplicate-customers", file=upload("Vorname;Nachname;Straße;PLZ;Ort\n" + rows_), threshold=70)
    assert answer["data"]["groups"] == []
