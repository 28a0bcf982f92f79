"""What goes in and comes out, as rows of fields or as JSON: the same schema either way, and nothing typed is lost."""

import html
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalog import schemas
from marketplace.catalog.forms.tool import ToolForm
from marketplace.catalog.models import ListingVersion
from marketplace.catalog.shaping import KINDS, LIMITS, Row, rows_of, shaped
from marketplace.tenancy.scope import as_system
from tests import world
from tests.catalog.test_selling import CALLS, HOME, begin, save, stamp_of

pytestmark = pytest.mark.django_db
WHERE = f"{HOME}sales-forecast/{CALLS}"
RICH: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Forecast",
    "type": "object",
    "properties": {
        "file": {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "text/csv",
            "title": "Sales",
            "maxLength": 9000,
        },
        "text": {"type": "string", "format": "textarea", "maxLength": 9000},
        "months": {"type": "integer", "title": "Months ahead", "minimum": 1, "maximum": 24, "default": 6},
        "share": {"type": "number", "minimum": 0.5},
        "language": {"type": "string", "enum": ["en", "de"], "default": "de"},
        "detailed": {"type": "boolean"},
        "lines": {"type": "array", "items": {"type": "string"}, "maxItems": 9},
    },
    "required": ["months"],
    "anyOf": [{"required": ["file"]}, {"required": ["text"]}],
    "additionalProperties": False,
}


@pytest.fixture
def ben(client: Client) -> Client:
    cast = world.cast()
    client.force_login(cast.ben)
    begin(client)
    return client


def version() -> ListingVersion:
    with as_system("look"):
        return ListingVersion.objects.filter(listing__slug="sales-forecast").latest("number")


def sent_back(page: str) -> dict[str, Any]:
    """What a browser without scripts would send of a page: every field of the step as it stands."""
    form = page.partition('<form class="form form-wide"')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        facts = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if (facts.get("type") in {"checkbox", "radio"} and not re.search(r"\schecked", tag)) or facts.get(
            "type"
        ) == "file":
            continue
        found[facts["name"]] = facts.get("value", "on" if facts.get("type") == "checkbox" else "")
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(text)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def page_of(client: Client) -> str:
    return client.get(WHERE).content.decode()


def pressed(client: Client, page: str, **changes: Any) -> Any:
    """The page sent back with what somebody typed and which button was pressed."""
    return client.post(WHERE, {**sent_back(page), **changes})


def row(number: int, prefix: str = "input", **fields: Any) -> dict[str, Any]:
    return {f"{prefix}-{number}-{name}": value for name, value in fields.items()}


# --- the translation -------------------------------------------------------------------------------------------------


def test_what_rows_do_not_show_stays() -> None:
    rows = rows_of(RICH)
    assert rows is not None
    assert shaped(RICH, rows) == RICH
    assert list(shaped(RICH, rows)["properties"]) == list(RICH["properties"])


def test_a_field_that_is_renamed_is_renamed_wherever_it_stands() -> None:
    rows = rows_of(RICH) or []
    rows[0] = Row(name="table", kind="file", title="Sales", was="file")
    found = shaped(RICH, rows)
    assert found["properties"]["table"]["contentMediaType"] == "text/csv"
    assert found["anyOf"] == [{"required": ["table"]}, {"required": ["text"]}]
    schemas.check_input(found)


def test_a_field_of_another_kind_leaves_behind_what_only_the_old_kind_had() -> None:
    rows = rows_of(RICH) or []
    rows[4] = Row(name="language", kind="text", title="Language", was="language")
    assert shaped(RICH, rows)["properties"]["language"] == {"type": "string", "title": "Language"}


NUMBERS = st.integers(0, 9)
TEXTS = st.text(st.characters(categories=["L", "N"]), max_size=12)


@st.composite
def some_row(draw: Any, name: str) -> Row:
    kind = draw(st.sampled_from(list(KINDS)))
    least = draw(st.none() | NUMBERS) if kind in LIMITS else None
    most = draw(st.none() | NUMBERS.map(lambda more: (least or 0) + more)) if kind in LIMITS else None
    choices = draw(st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True)) if kind == "choice" else []
    return Row(
        name=name, kind=kind, title=draw(TEXTS), is_required=draw(st.booleans()), choices=choices, least=least,
        most=most, help=draw(TEXTS), was=name,
    )  # fmt: skip


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True).flatmap(
        lambda names: st.tuples(*map(some_row, names))
    )
)
def test_whatever_rows_say_is_a_schema_that_says_the_same_rows_and_makes_a_form(rows: tuple[Row, ...]) -> None:
    schema = shaped({}, rows)
    schemas.check_input(schema)
    assert rows_of(json.loads(json.dumps(schema))) == list(rows)
    assert list(ToolForm(schema).fields)[1:] == [one.name for one in rows]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "object", "properties": {}},
        {"type": "string", "pattern": "x"},
        {"type": "array", "items": {"type": "number"}},
        {"type": "string", "enum": [1, 2]},
        {"type": "string", "enum": ["a\nb"]},
        {"type": ["string", "null"]},
        {"type": "integer", "minimum": True},
        {"type": "string", "title": 5},
        {"$ref": "#/x"},
        "x",
    ],
)
def test_what_rows_could_not_say_is_left_to_json(part: Any) -> None:
    assert rows_of({"type": "object", "properties": {"a": part}}) is None


# --- the step --------------------------------------------------------------------------------------------------------


def test_somebody_who_never_saw_json_writes_fields_and_fills_in_the_example(ben: Client) -> None:
    page = page_of(ben)
    assert 'name="input-0-title" value="Your text"' in page
    page = pressed(ben, page, shape="input:more").content.decode()
    kinds = row(
        1, title="Months ahead", kind="integer", is_required="on", least="1", most="24", help="At most two years"
    )
    page = pressed(ben, page, **kinds, shape="input:more").content.decode()
    assert "Months ahead" in page
    more = {**row(2, title="Language", kind="choice", choices="English\nDeutsch"), "endpoint": "https://t.example/f"}
    page = pressed(ben, page, **more, then="stay").content.decode()
    assert "Put right what is marked in the form" in page
    filled = {"example-months_ahead": "6", "example-language": "Deutsch", "example-text": "A paragraph."}
    answer = pressed(ben, page, **filled, then="stay")
    assert answer.status_code == 302, answer.content.decode()
    saved = version()
    assert saved.input_schema == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "format": "textarea", "title": "Your text"},
            "months_ahead": {
                "type": "integer", "title": "Months ahead", "description": "At most two years", "minimum": 1,
                "maximum": 24,
            },
            "language": {"type": "string", "title": "Language", "enum": ["English", "Deutsch"]},
        },
        "required": ["text", "months_ahead"],
    }  # fmt: skip
    assert saved.example == {"text": "A paragraph.", "months_ahead": 6, "language": "Deutsch"}
    assert list(saved.input_schema["properties"]) == ["text", "months_ahead", "language"]


def saved_with(client: Client, schema: dict[str, Any], example: dict[str, Any], output: Any = "") -> str:
    """The page of a draft that says this."""
    given = {"endpoint": "https://t.example/f", "input_schema": json.dumps(schema), "example": json.dumps(example)}
    answer = save(client, CALLS, {**given, "output_schema": json.dumps(output) if output else ""})
    assert answer.status_code == 302, answer.content.decode()
    return page_of(client)


def test_opening_and_saving_changes_nothing(ben: Client) -> None:
    example = {"months": 3, "text": "x", "lines": ["a", "b"], "language": "en"}
    page = saved_with(ben, RICH, example, {"type": "object", "properties": {"mood": {"type": "string"}}})
    assert 'name="input-mode" value="rows"' in page
    assert pressed(ben, page, then="stay").status_code == 302
    saved = version()
    assert saved.input_schema["properties"] == {
        name: {"title": name.replace("_", " ").capitalize(), **part} for name, part in RICH["properties"].items()
    }
    assert {key: value for key, value in saved.input_schema.items() if key != "properties"} == {
        key: value for key, value in RICH.items() if key != "properties"
    }
    assert saved.example == {**example, "detailed": False}
    assert saved.output_schema["properties"]["mood"]["type"] == "string"


@pytest.mark.parametrize(
    ("wish", "order"),
    [
        ("input:up-2", ["file", "months", "text"]), ("input:down-0", ["text", "file", "months"]),
        ("input:remove-1", ["file", "months", "share"]), ("input:up-0", ["file", "text", "months"]),
        ("input:remove-77", ["file", "text", "months"]), ("input:fly-1", ["file", "text", "months"]),
        ("", ["file", "text", "months"]), (":", ["file", "text", "months"]),
        ("output:remove-0", ["file", "text", "months"]),
    ],
)  # fmt: skip
def test_rows_are_moved_and_removed_by_buttons(ben: Client, wish: str, order: list[str]) -> None:
    page = pressed(ben, saved_with(ben, RICH, {"months": 3, "text": "x"}), shape=wish).content.decode()
    names = [sent_back(page)[f"input-{number}-name"] for number in range(3)]
    assert names == order
    assert version().input_schema == RICH


def test_the_two_ways_of_writing_keep_in_step(ben: Client) -> None:
    page = saved_with(ben, RICH, {"months": 3, "text": "x"})
    changed = {**row(2, title="How many months"), "example-text": "just typed"}
    page = pressed(ben, page, **changed, shape="input:json").content.decode()
    there = sent_back(page)
    assert there["input-mode"] == "json"
    assert json.loads(there["example"]) == {"months": 3, "text": "just typed", "detailed": False, "language": "de"}
    schema = json.loads(there["input_schema"])
    assert schema["properties"]["months"]["title"] == "How many months"
    assert schema["anyOf"] == RICH["anyOf"]
    schema["properties"]["months"]["title"] = "Months, again"
    page = pressed(ben, page, input_schema=json.dumps(schema), shape="input:rows").content.decode()
    assert sent_back(page)["input-2-title"] == "Months, again"


def test_json_that_rows_cannot_show_stays_json_and_says_so(ben: Client) -> None:
    page = saved_with(
        ben, world.INPUT_SCHEMA, world.EXAMPLE, {"type": "object", "properties": {"a": {"type": "object"}}}
    )
    assert sent_back(page)["output-mode"] == "json"
    answer = pressed(ben, page, shape="output:rows").content.decode()
    assert "says more than rows can show" in answer
    assert json.loads(sent_back(answer)["output_schema"])["properties"]["a"] == {"type": "object"}
    broken = pressed(ben, page, output_schema="{", shape="output:rows").content.decode()
    assert "not valid JSON" in broken
    assert sent_back(broken)["output_schema"] == "{"


def test_a_button_of_one_schema_loses_nothing_that_is_typed_in_the_other(ben: Client) -> None:
    page = saved_with(
        ben, RICH, {"months": 3, "text": "x"}, {"type": "object", "properties": {"a": {"type": "object"}}}
    )
    half = {"output_schema": '{"half": ', "example-months": "many", "example-text": "just typed"}
    file = SimpleUploadedFile("sales.csv", b"date,amount\n")
    answer = ben.post(WHERE, {**sent_back(page), **half, "example-file": file, "shape": "input:more"})
    there = sent_back(answer.content.decode())
    assert there["output_schema"] == '{"half": '
    assert (there["example-months"], there["example-text"]) == ("many", "just typed")
    assert json.loads(there["example"]) == {"file": "ZGF0ZSxhbW91bnQK"}
    assert "errorlist" not in answer.content.decode()


def test_rows_with_a_mistake_are_not_turned_into_json_before_it_is_put_right(ben: Client) -> None:
    page = saved_with(ben, RICH, {"months": 3, "text": "x"})
    answer = pressed(ben, page, **row(2, least="9", most="3"), shape="input:json").content.decode()
    assert "Put right what is marked first" in answer
    assert sent_back(answer)["input-2-least"] == "9"


@pytest.mark.parametrize(
    ("fields", "where", "says"),
    [
        ({"title": ""}, "title", "required"),
        ({"name": "Große"}, "name", "small letters"),
        ({"name": "form_key"}, "name", "small letters"),
        ({"name": "text"}, "name", "has this name already"),
        ({"kind": "choice", "choices": " \n"}, "choices", "at least one choice"),
        ({"kind": "choice", "choices": "a\na"}, "choices", "stands here twice"),
        ({"least": "9", "most": "3"}, "most", "less than"),
        ({"least": "1.5"}, "least", "whole number"),
        ({"kind": "text", "least": "-1"}, "least", "fewer than none"),
        ({"least": "many"}, "least", "number"),
        ({"kind": "spaceship"}, "kind", "valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_stays_as_typed(
    ben: Client, fields: dict[str, str], where: str, says: str
) -> None:
    page = saved_with(ben, RICH, {"months": 3, "text": "x"})
    answer = pressed(ben, page, **row(2, **fields), then="stay")
    page = answer.content.decode()
    assert answer.status_code == 422
    field = page.partition(f'id="id_input-2-{where}_error"')[2].partition("</ul>")[0]
    assert says in html.unescape(field).replace("Small", "small")
    assert version().input_schema == RICH
    again = page_of(ben)
    typed = sent_back(again)
    for name, value in fields.items():
        if name != "kind":
            assert typed[f"input-2-{name}"].replace("\r", "") == value


def test_a_name_is_made_from_the_label(ben: Client) -> None:
    page = saved_with(ben, world.INPUT_SCHEMA, world.EXAMPLE)
    page = pressed(ben, page, shape="input:more").content.decode()
    answer = pressed(ben, page, **row(1, title="7 Größe des Betriebs!"), then="stay")
    assert answer.status_code == 302, answer.content.decode()
    assert list(version().input_schema["properties"]) == ["text", "groe_des_betriebs"]


def test_a_form_is_no_longer_than_twenty_fields(ben: Client) -> None:
    page = page_of(ben)
    for _ in range(22):
        page = pressed(ben, page, shape="input:more").content.decode()
    assert sent_back(page)["input-count"] == "20"
    assert 'value="input:more"' not in page
    assert ben.post(WHERE, {**sent_back(page), "input-count": "9999999"}).status_code == 422


def test_the_form_is_shown_as_it_changes_while_somebody_types(ben: Client) -> None:
    page = saved_with(ben, world.INPUT_SCHEMA, world.EXAMPLE)
    quiet = pressed(ben, page, autosave="1").content.decode()
    assert "form-preview" not in quiet
    live = pressed(ben, page, **row(0, title="Paste it here"), autosave="1").content.decode()
    assert 'id="form-preview"' in live and "hx-swap-oob" in live
    assert "Paste it here" in live.partition('id="form-preview"')[2]
    assert version().input_schema["properties"]["text"]["title"] == "Paste it here"


def test_what_buyers_see_is_the_form_that_the_gateway_makes(ben: Client) -> None:
    page = saved_with(ben, RICH, {"months": 3, "text": "x"})
    preview = page.partition('id="form-preview"')[2].partition("</section>")[0]
    for name, field in ToolForm(RICH).fields.items():
        if name != "form_key":
            assert f'name="example-{name}"' in preview
            assert str(field.label) in preview


def test_a_file_of_the_example_is_sent_once_and_stays(ben: Client) -> None:
    schema = {"type": "object", "properties": {"file": RICH["properties"]["file"]}, "required": ["file"]}
    page = saved_with(ben, schema, {"file": "ZGF0ZQ=="})
    assert pressed(ben, page, then="stay").status_code == 302
    assert version().example == {"file": "ZGF0ZQ=="}
    new = SimpleUploadedFile("sales.csv", b"date,amount\n")
    answer = ben.post(WHERE, {**sent_back(page_of(ben)), "example-file": new, "then": "stay"})
    assert answer.status_code == 302
    assert version().example == {"file": "ZGF0ZSxhbW91bnQK"}


def test_what_a_provider_writes_is_text_in_the_editor(ben: Client) -> None:
    evil = '"><script>alert(1)</script>'
    schema = {"type": "object", "properties": {"text": {"type": "string", "title": evil, "description": evil}}}
    page = saved_with(ben, schema, {"text": evil})
    assert "<script>alert" not in page
    assert sent_back(page)["input-0-title"] == evil


def test_a_stamp_is_kept_over_the_buttons(ben: Client) -> None:
    page = saved_with(ben, world.INPUT_SCHEMA, world.EXAMPLE)
    before = stamp_of(page)
    page = pressed(ben, page, shape="input:more").content.decode()
    assert stamp_of(page) == before
