"""The form of a tool says what is wrong, next to the field, before the provider is asked."""

import base64
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from marketplace.gateway.forms import ToolForm
from marketplace.gateway.result import presented

SCHEMA = {
    "type": "object",
    "required": ["file", "periods"],
    "properties": {
        "file": {"type": "string", "contentEncoding": "base64", "contentMediaType": "text/csv", "title": "Sales"},
        "periods": {"type": "integer", "minimum": 1, "maximum": 24, "default": 6},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "language": {"type": "string", "enum": ["en", "de"]},
        "detailed": {"type": "boolean"},
        "lines": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string", "maxLength": 10, "format": "textarea"},
    },
}


def form(data: dict[str, Any], content: bytes | None = b"date,amount\n") -> ToolForm:
    files: MultiValueDict[str, Any] = MultiValueDict()
    if content is not None:
        files["file"] = SimpleUploadedFile("sales.csv", content)
    return ToolForm(SCHEMA, {"form_key": str(uuid.uuid4()), **data}, files)


def test_the_payload_is_what_the_schema_asks_for() -> None:
    filled = form({"periods": "6", "share": "0.5", "language": "de", "detailed": "on", "lines": "a\n\n b \n"})
    assert filled.is_valid(), filled.errors
    payload = filled.payload()
    assert base64.b64decode(payload.pop("file")) == b"date,amount\n"
    assert payload == {"periods": 6, "share": 0.5, "language": "de", "detailed": True, "lines": ["a", "b"]}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"periods": "0"}, "periods"),
        ({"periods": "25"}, "periods"),
        ({"periods": "six"}, "periods"),
        ({"periods": "6", "share": "1.5"}, "share"),
        ({"periods": "6", "language": "fr"}, "language"),
        ({"periods": "6", "note": "much too long"}, "note"),
        ({}, "periods"),
    ],
)
def test_what_is_wrong_stands_next_to_its_field(data: dict[str, str], field: str) -> None:
    wrong = form(data)
    assert not wrong.is_valid()
    assert list(wrong.errors) == [field]


def test_a_missing_file_and_one_too_large_are_said() -> None:
    assert "file" in form({"periods": "6"}, content=None).errors
    assert "the limit is 2 MB" in str(form({"periods": "6"}, content=b"x" * 2_100_000).errors["file"])


@pytest.mark.parametrize(
    "result",
    [
        {"summary": 5, "tables": "x", "charts": [{}], "notes": None},
        {"tables": [{"columns": ["a"], "rows": [[1, 2]]}], "charts": [{"x": [1], "series": [{"values": []}]}]},
        [1, 2, 3],
        "text",
        5,
    ],
)
def test_any_json_of_a_provider_can_be_shown(result: Any) -> None:
    shown = presented(result)
    assert shown
    assert shown["tables"] == []
    assert shown["charts"] == []
    assert shown["text"]


def test_no_result_yet_shows_nothing() -> None:
    assert presented(None) is None


PAYLOAD = '"><img src=x onerror=alert(1)><script>alert(1)</script>'


def test_what_a_provider_writes_into_a_schema_is_text_on_the_page() -> None:
    part = {"type": "string", "title": PAYLOAD, "description": PAYLOAD, "default": PAYLOAD, "enum": [PAYLOAD]}
    plain = {key: value for key, value in part.items() if key != "enum"}
    page = str(ToolForm({"type": "object", "properties": {"a": part, "b": plain}}))
    assert "alert(1)" in page
    assert "<script" not in page
    assert "<img" not in page
