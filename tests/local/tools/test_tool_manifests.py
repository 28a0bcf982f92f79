"""Every tool describes itself well enough that a market can list it and make its form."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from settings.local.tools.manifests import MANIFESTS, Manifest
from settings.local.tools.worker import MODULES

every_tool = pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.slug)


def test_four_tools_are_on_offer_and_each_has_a_computation() -> None:
    assert [manifest.slug for manifest in MANIFESTS] == list(MODULES)
    assert len(MODULES) == 4


@every_tool
def test_a_business_owner_can_read_what_a_tool_does(manifest: Manifest) -> None:
    assert 150 <= len(manifest.description.split()) <= 250
    assert "**Your data:**" in manifest.description and "does not do" in manifest.description
    assert manifest.category in {"forecasting", "documents", "customers", "sales"}
    assert len(manifest.summary) <= 100 and "\n" not in manifest.summary
    assert manifest.price.token == "TUSD" and manifest.price.period_days == 30 and float(manifest.price.amount) > 0


@every_tool
def test_a_form_can_be_made_from_the_input_schema(manifest: Manifest) -> None:
    known = {
        "title",
        "description",
        "type",
        "enum",
        "default",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "format",
        "contentEncoding",
        "contentMediaType",
    }
    Draft202012Validator.check_schema(manifest.input_schema)
    for about in manifest.input_schema["properties"].values():
        assert about["title"] and about["description"] and about["type"] in {"string", "integer"}
        assert set(about) <= known
        if "contentEncoding" in about:
            assert about["contentMediaType"] in {"text/csv", "application/pdf"}
            assert about["maxLength"] == -(-2 * 1024 * 1024 // 3) * 4


@every_tool
def test_the_example_fits_the_form_and_its_result_fits_the_output_schema(manifest: Manifest, ask: Any) -> None:
    Draft202012Validator(manifest.input_schema).validate(manifest.example)
    Draft202012Validator.check_schema(manifest.output_schema)
    status, answer = ask(manifest.slug, **manifest.example)
    assert status == 200, answer
    Draft202012Validator(manifest.output_schema).validate(answer)
    for shown in answer["tables"]:
        assert all(len(row) == len(shown["columns"]) for row in shown["rows"])
    for chart in answer["charts"]:
        for series in chart["series"]:
            assert {len(series[name]) for name in ("values", "low", "high") if name in series} == {len(chart["x"])}


@every_tool
def test_an_output_schema_refuses_an_answer_without_its_data(manifest: Manifest) -> None:
    hollow = {"summary": "", "tables": [], "charts": [], "data": {}, "notes": []}
    assert not Draft202012Validator(manifest.output_schema).is_valid(hollow)


def test_the_example_invoice_is_the_one_made_by_code(example_invoice: bytes) -> None:
    folder = Path(sys.modules[Manifest.__module__].__file__ or "").parent
    assert (folder / "catalogue/invoice-fields/example.pdf").read_bytes() == example_invoice


def test_reading_the_manifests_and_serving_imports_nothing_heavy() -> None:
    heavy = {
        "pandas",
        "numpy",
        "scipy",
        "statsmodels",
        "pypdf",
        "rapidfuzz",
        "phonenumbers",
        "stdnum",
        "vaderSentiment",
        "snowballstemmer",
        "jsonschema",
        "django",
        "celery",
    }
    code = "import sys, settings.local.tools.__main__, settings.local.tools.manifests; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "settings.local.tools.manifests" in loaded
    assert not heavy & {name.partition(".")[0] for name in loaded}
