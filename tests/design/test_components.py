"""A component says to everybody, also to those who hear the page, what it shows."""

import re
from types import SimpleNamespace as Thing

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string

from chain.models.outgoing import State
from settings.templatetags.ui import transaction_steps

DOLLAR = Thing(symbol="TUSD", decimals=6)


class Order(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="For the receipt.")
    note = forms.CharField(label="Note", required=False)
    terms = forms.BooleanField(label="Terms")


def drawn(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def test_money_carries_its_currency_and_its_exact_value() -> None:
    html = render_to_string("components/money.html", {"amount": 1_234_567_891, "currency": DOLLAR})
    assert 'value="1234567891"' in html
    assert 'title="1,234.567891 TUSD"' in html
    assert "1,234.57" in html


@pytest.mark.parametrize("component", ["money", "address", "status", "when", "popover"])
def test_what_stands_in_a_sentence_brings_no_space_along(component: str) -> None:
    context = {"amount": 1, "currency": DOLLAR, "address": "0x" + "a" * 40}
    html = render_to_string(f"components/{component}.html", context)
    assert html == html.strip()


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("preparing", "now next next next next"),
        ("sign", "done now next next next"),
        ("queued", "done done now next next"),
        ("sent", "done done done now next"),
        ("mined", "done done done done now"),
        ("final", "done done done done done"),
        ("failed", "done done failed next next"),
    ],
)
def test_a_transaction_shows_how_far_it_is(state: str, steps: str) -> None:
    assert " ".join(step["step"] for step in transaction_steps(state)) == steps


def test_every_state_of_an_outgoing_transaction_has_a_step() -> None:
    for state in State.values:
        assert len(transaction_steps(state)) == 5


def test_exactly_one_step_is_the_current_one_until_all_are_done() -> None:
    waiting = render_to_string("components/progress.html", {"state": "seen", "block": 18204, "sentence": "Two more."})
    assert waiting.count('aria-current="step"') == 1
    assert "Seen in block 18204" in waiting
    assert 'aria-current="step"' not in render_to_string("components/progress.html", {"state": "final"})


def test_a_wrong_field_keeps_what_was_typed_and_points_at_its_error() -> None:
    html = str(Order({"email": "ada@", "terms": "on"}))
    control = re.search(r'<input[^>]*name="email"[^>]*>', html)
    assert control
    assert 'value="ada@"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    for name in re.findall(r'aria-describedby="([^"]*)"', control[0])[0].split():
        assert f'id="{name}"' in html


def test_a_form_with_errors_begins_with_a_summary_that_takes_the_focus_and_leads_to_each() -> None:
    html = str(Order({"email": "ada@"}))
    assert html.strip().startswith('<div class="error-summary" role="alert" tabindex="-1" autofocus>')
    assert re.findall(r'href="#(\w+)"', html) == ["id_email", "id_terms"]
    assert "error-summary" not in str(Order())


def test_only_what_may_be_left_out_is_marked() -> None:
    assert str(Order()).count("field-optional") == 1


def test_a_chart_brings_its_figures_as_a_table() -> None:
    html = drawn('{% chart rows title="Calls" unit="calls" key="c" %}', rows=[("Mon", 3), ("Tue", 5, 4, 6)])
    assert re.findall(r'<th scope="row">(\w+)</th>', html) == ["Mon", "Tue"]
    assert 'aria-labelledby="c-title c-desc"' in html
    assert "4 – 6" in html


def test_a_persons_text_cannot_become_markup() -> None:
    bad = "<script>x</script>"
    for name, context in {
        "notice": {"text": bad},
        "status": {"text": bad},
        "diff": {"lines": [{"text": bad, "change": "added"}]},
        "person": {"name": bad},
        "address": {"address": bad, "whole": True},
        "toast": {"text": bad},
    }.items():
        assert "<script" not in render_to_string(f"components/{name}.html", context), name
