"""What a tool's input and output may look like."""

from typing import Any

import pytest

from marketplace.catalog import schemas
from marketplace.catalog.schemas import NotUsable

FILE = {"type": "string", "contentEncoding": "base64", "contentMediaType": "text/csv", "title": "Table"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    "schema",
    [
        of(text={"type": "string", "format": "textarea", "maxLength": 10}),
        of(file=FILE, weeks={"type": "integer", "minimum": 1, "maximum": 8, "default": 4}),
        of(ratio={"type": "number"}, quick={"type": "boolean"}, kind={"type": "string", "enum": ["a", "b"]}),
        of(lines={"type": "array", "items": {"type": "string"}}),
        {**of(file=FILE, text={"type": "string"}), "anyOf": [{"required": ["file"]}, {"required": ["text"]}]},
    ],
)
def test_what_our_form_can_show_is_taken(schema: dict[str, Any]) -> None:
    schemas.check_input(schema)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({}, "type.*object"),
        ({"type": "object"}, "at least one field"),
        ({"type": "object", "properties": {"a": 5}}, "not a JSON Schema|needs a type"),
        (of(a={"type": "telephone"}), "not a JSON Schema|needs a type"),
        (of(a={"type": "object", "properties": {}}), "needs a type"),
        (of(a={"type": ["string", "null"]}), "needs a type"),
        (of(a={"$ref": "https://evil.example/schema"}), "needs a type"),
        (of(a={"type": "string", "pattern": "(a+)+$"}), "cannot show “pattern”"),
        (of(a={"type": "string", "$ref": "#/x"}), "cannot show"),
        (of(**{"A b": {"type": "string"}}), "field's name"),
        (of(form_key={"type": "string"}), "field's name"),
        (of(a={"type": "array", "items": {"type": "number"}}), "list of texts"),
        (of(a={"type": "array", "items": True}), "list of texts"),
        (of(a={"type": "array"}), "list of texts"),
        (of(a={"type": "string", "contentEncoding": "hex"}), "is a file only"),
        (of(a={"type": "string", "enum": [1, 2]}), "should be texts"),
        (of(a={"type": "integer", "maximum": 3, "default": 4}), "default"),
        ({**of(a={"type": "string"}), "required": ["b"]}, "“b” is required"),
        ({**of(a={"type": "string"}), "anyOf": [{"required": ["b"]}]}, "“b” is required"),
        ({**of(a={"type": "string"}), "anyOf": [{"type": "object"}]}, "anyOf"),
        ({**of(a={"type": "string"}), "allOf": []}, "not a JSON Schema|cannot show"),
        (of(**{f"a{i}": {"type": "string"} for i in range(21)}), "too long"),
    ],
)
def test_what_our_form_cannot_show_is_named(schema: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotUsable, match=sentence):
        schemas.check_input(schema)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1]", "7", "nonsense", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}',
        '{"a":' * 2000 + "1" + "}" * 2000, '{"a":' * 40 + "1" + "}" * 40,
        '{"a": ' + "1" * 5000 + "}", '{"a": "' + "x" * 20_000 + '"}',
    ],
)  # fmt: skip
def test_text_that_cannot_be_stored_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NotUsable):
        schemas.parsed(text)


def test_a_mistake_in_json_is_found_by_its_line() -> None:
    with pytest.raises(NotUsable, match="line 3"):
        schemas.parsed('{\n "a": 1,\n "b" 2\n}')


def test_an_example_has_to_be_an_input() -> None:
    schema = {**of(weeks={"type": "integer", "maximum": 8}), "required": ["weeks"]}
    schemas.check_example(schema, {"weeks": 4})
    with pytest.raises(NotUsable, match="“weeks”"):
        schemas.check_example(schema, {"weeks": 9})
    with pytest.raises(NotUsable, match="required"):
        schemas.check_example(schema, {})


def test_an_output_may_say_nothing_or_be_an_object() -> None:
    schemas.check_output({})
    schemas.check_output(of(a={"type": "object"}))
    with pytest.raises(NotUsable):
        schemas.check_output({"type": "string"})
    with pytest.raises(NotUsable):
        schemas.check_output({"type": "object", "properties": 5})


def test_fields_are_told_in_words() -> None:
    schema = {**of(file=FILE, how_many={"type": "integer"}), "required": ["file"]}
    told = [(field.title, field.kind, field.is_required) for field in schemas.fields(schema)]
    assert told == [("Table", "CSV file", True), ("How many", "whole number", False)]
