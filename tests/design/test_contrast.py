"""Everybody can read the pages: the colours of tokens.css by pairs, in both themes (WCAG 2.2, 1.4.3, 1.4.6, 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static/css/tokens.css"
LIGHT_DARK = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
THEMES = ("light", "dark")

SHEETS = ("paper", "sheet", "sunk")
BODY = [(ink, sheet, 7.0) for ink in ("ink", "ink-2") for sheet in SHEETS]
BODY += [("ink", soft, 7.0) for soft in ("accent-soft", "wait-soft", "loss-soft", "link-soft")]
TEXT = [(ink, sheet, 4.5) for ink in ("ink-3", "accent", "accent-strong", "wait", "loss", "link") for sheet in SHEETS]
TEXT += [
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("on-loss", "loss", 4.5),
    ("paper", "ink", 4.5),
    ("accent", "accent-soft", 4.5),
    ("accent-strong", "accent-soft", 4.5),
    ("wait", "wait-soft", 4.5),
    ("loss", "loss-soft", 4.5),
    ("link", "link-soft", 4.5),
    ("link", "accent-soft", 4.5),
    ("link", "wait-soft", 4.5),
    ("link", "loss-soft", 4.5),
    ("ink-3", "accent-soft", 4.5),
]
# what is seen but not read: borders of controls, rings of focus, marks, lines of charts
SEEN = [
    (mark, sheet, 3.0) for mark in ("line-strong", "focus", "series-2", "wait-line") for sheet in ("paper", "sheet")
]


def colours() -> dict[str, dict[str, str]]:
    found = LIGHT_DARK.findall(TOKENS.read_text())
    return {theme: {name: pair[i] for name, *pair in found} for i, theme in enumerate(THEMES)}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back", "least"), [*BODY, *TEXT, *SEEN])
def test_a_reader_can_tell_it_from_its_ground(theme: str, front: str, back: str, least: float) -> None:
    names = colours()[theme]
    assert contrast(names[front], names[back]) >= least, f"{front} on {back} in the {theme} theme"


def test_every_colour_has_both_themes_and_no_colour_stands_outside_the_tokens() -> None:
    assert len(colours()["light"]) >= 20
    for sheet in ("base", "components", "pages"):
        text = (TOKENS.parent / f"{sheet}.css").read_text()
        assert not re.findall(r"#[0-9a-f]{3,8}\b", text), f"a colour of its own in {sheet}.css"
