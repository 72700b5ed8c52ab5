"""Every pair of the colour table in look.md 2.3 can be read; figures are computed from static/css/tokens.css."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "static/css/tokens.css").read_text(encoding="utf-8")
# WCAG 2.2: 1.4.3 for text, 1.4.11 for the edges of controls and for bars that carry meaning.
TEXT = 4.5
EDGE = 3.0

PAIRS = [
    ("ink", "bg", TEXT),
    ("ink", "card", TEXT),
    ("ink", "is", TEXT),
    ("muted", "bg", TEXT),
    ("muted", "card", TEXT),
    ("muted", "is", TEXT),
    ("link", "bg", TEXT),
    ("link", "card", TEXT),
    ("link", "is", TEXT),
    ("white", "fjord", TEXT),
    ("white", "fjord-pressed", TEXT),
    ("white", "nordlys", TEXT),
    ("white", "nordlys-pressed", TEXT),
    ("white", "malm", TEXT),
    ("white", "fiolett", TEXT),
    ("white", "fare", TEXT),
    ("white", "fare-pressed", TEXT),
    ("white", "natt", TEXT),
    ("white", "top-low", TEXT),
    ("malm-text", "bg", TEXT),
    ("malm-text", "card", TEXT),
    ("fare-text", "bg", TEXT),
    ("fare-text", "card", TEXT),
    ("frist", "card", TEXT),
    ("varsel", "varsel-bg", TEXT),
    ("natt", "sol", TEXT),
    ("top-text", "top", TEXT),
    ("top-text", "top-low", TEXT),
    ("top-lead", "top", TEXT),
    ("top-lead", "top-low", TEXT),
    ("kant", "bg", EDGE),
    ("kant", "card", EDGE),
    ("nordlys-bar", "is", EDGE),
    ("nordlys-bar", "card", EDGE),
    ("frist-bar", "is", EDGE),
    ("focus-in", "focus-out", EDGE),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_everybody_can_read_each_colour_on_its_ground(front: str, ground: str, least: float, scheme: str) -> None:
    colours = scheme_colours(scheme)

    assert contrast(colours[front], colours[ground]) >= least


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["bg", "card", "is", "top", "top-low", "fjord", "nordlys", "varsel-bg"])
def test_one_of_the_two_focus_colours_is_seen_on_every_ground(ground: str, scheme: str) -> None:
    colours = scheme_colours(scheme)

    best = max(contrast(colours[mark], colours[ground]) for mark in ("focus-in", "focus-out"))

    assert best >= EDGE


def test_a_dark_phone_and_a_chosen_dark_look_are_the_same() -> None:
    assert declared(r'\[data-color-scheme="auto"\]') == declared(r'\[data-color-scheme="dark"\]')


def test_only_the_tokens_name_a_colour() -> None:
    folder = Path(__file__).resolve().parents[2] / "static/css"
    sheets = [folder / "base.css", folder / "pages.css", *(folder / "components").glob("*.css")]

    named = {sheet.name: re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheet.read_text()) for sheet in sheets}

    assert {name: found for name, found in named.items() if found} == {}


def test_the_measure_agrees_with_known_figures() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def declared(selector: str) -> dict[str, str]:
    """Return name -> value of the first rule of `selector`, hexadecimal colours only."""
    rule = re.search(selector + r"\s*\{([^}]*)\}", TOKENS)
    assert rule, selector
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", rule.group(1)))


def scheme_colours(scheme: str) -> dict[str, str]:
    """Return all colours of "light" or "dark" by name."""
    light = declared(r"^:root") if TOKENS.startswith(":root") else declared(r"\n:root")
    return light if scheme == "light" else light | declared(r'\[data-color-scheme="dark"\]')


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours `#rrggbb`, 1 to 21. Source: WCAG 2.2, relative luminance."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
