from __future__ import annotations

import pytest
from rich.color import ColorType
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.screen.theme import HEAT_LEVELS, MODES, RAMPS, THEMES, Palette, palette

EVERY = [*BUILTIN_THEMES.values(), *THEMES]
COLOURED = [theme for theme in EVERY if not theme.ansi]
ANSI = [theme for theme in EVERY if theme.ansi]


def contrast(style: Style) -> float:
    """Return the contrast of text and ground as the accessibility guidelines define it, 1 to 21."""
    inks = (style.color, style.bgcolor)
    light, dark = sorted((luminance(Color.from_rich_color(ink)) for ink in inks), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Color) -> float:
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def name(theme: Theme) -> str:
    return theme.name


@pytest.mark.parametrize("theme", EVERY, ids=name)
def test_every_theme_has_every_ink_on_every_ground_with_an_explicit_background(theme: Theme) -> None:
    colours, reference = palette(theme), palette(THEMES[0])
    assert set(colours.inks) == set(reference.inks)
    assert set(colours.grounds) == set(reference.grounds)
    for ink in colours.inks:
        assert all(colours.style(ink, ground).bgcolor is not None for ground in colours.grounds)


@pytest.mark.parametrize("theme", THEMES, ids=name)
@pytest.mark.parametrize(
    "ink", ["text", "strong", "muted", "buy", "sell", "mark", "warn", "gamma_pos", "gamma_neg"]
)
def test_own_themes_are_readable_on_plain_ground(theme: Theme, ink: str) -> None:
    assert contrast(palette(theme).style(ink, "base")) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=name)
def test_text_stays_readable_on_the_hottest_cell_the_cursor_and_spot(theme: Theme) -> None:
    colours = palette(theme)
    for ground in ("cursor", "atm", "itm", "bar", f"heat{HEAT_LEVELS - 1}"):
        assert contrast(colours.style("text", ground)) >= 4.5, ground


@pytest.mark.parametrize("theme", COLOURED, ids=name)
def test_heat_rises_step_by_step(theme: Theme) -> None:
    colours = palette(theme)
    steps = [colours.style("text", f"heat{level}").bgcolor for level in range(HEAT_LEVELS)]
    assert len(set(steps)) == HEAT_LEVELS


@pytest.mark.parametrize("theme", THEMES, ids=name)
def test_live_and_replay_look_different(theme: Theme) -> None:
    colours = palette(theme)
    badges = {colours.style("on_badge", mode).bgcolor for mode in MODES}
    bars = {colours.style("text", f"{mode}_bar").bgcolor for mode in MODES}
    assert len(badges) == len(bars) == len(MODES)


@pytest.mark.parametrize("theme", ANSI, ids=name)
def test_ansi_themes_use_the_terminals_own_colours(theme: Theme) -> None:
    colours = palette(theme)
    for ink in colours.inks:
        for ground in colours.grounds:
            style = colours.style(ink, ground)
            assert style.color is not None
            assert style.color.type in (ColorType.STANDARD, ColorType.DEFAULT)


def test_a_theme_may_name_a_colour_of_its_own() -> None:
    theme = Theme(name="x", primary="#0000ff", variables={"spy-gamma-pos": "#123456"})
    style = palette(theme).style("gamma_pos", "base")
    assert style.color is not None
    assert style.color.name == "#123456"


def test_a_tilde_paints_in_reverse_video() -> None:
    colours = Palette({"buy": "green"}, {"base": "black"})
    assert colours.style("~buy", "base").reverse
    assert not colours.style("buy", "base").reverse
    assert colours.style("~buy", "base").color == colours.style("buy", "base").color


@pytest.mark.parametrize("theme", COLOURED, ids=name)
@pytest.mark.parametrize("ramp", RAMPS)
def test_a_ramp_of_the_heat_map_leaves_its_ground_step_by_step(theme: Theme, ramp: str) -> None:
    colours = palette(theme)
    cold = luminance(Color.from_rich_color(colours.style("text", "base").bgcolor))
    away = [
        abs(luminance(Color.from_rich_color(colours.style("text", f"{ramp}{level}").bgcolor)) - cold)
        for level in range(HEAT_LEVELS)
    ]
    assert away[0] == 0
    assert away == sorted(away)


@pytest.mark.parametrize("theme", THEMES, ids=name)
@pytest.mark.parametrize("ramp", RAMPS)
def test_the_spots_path_can_be_seen_on_the_hottest_cell(theme: Theme, ramp: str) -> None:
    assert contrast(palette(theme).style("strong", f"{ramp}{HEAT_LEVELS - 1}")) >= 3
