"""Colours: two themes of our own, and the palette every painted cell draws from.

Owns the mapping from what a cell *means* (an ink such as `buy`, a ground such as `heat5`) to a terminal
style, for any theme: a theme may name a colour itself through a `spy-…` variable, otherwise it is derived
from the theme's own base colours; `ansi-*` themes use the terminal's sixteen colours only. Choosing
the ink for a number is the painter's job.

Three ramps carry meaning: net flow (buy/sell), heat (volume and open interest), and the sign of gamma.
Signs, arrows and positions say the same without colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.theme import Theme

HEAT_LEVELS = 8
"""Steps of the heat ramp; 0 is cold."""

RAMPS = {"pos": "gamma_pos", "neg": "gamma_neg", "bought": "buy", "sold": "sell"}
"""Ramps of the heat map, and the ink each leads to; `pos0` … `pos7` are inks and grounds."""

DEFAULT_THEME = "spymon-dark"

THEMES: tuple[Theme, ...] = (
    Theme(
        name="spymon-dark",
        primary="#4C9BE8",
        secondary="#8B7FD6",
        accent="#E8B34C",
        warning="#E8B34C",
        error="#F0616D",
        success="#3FBF7F",
        foreground="#D6DCE4",
        background="#0E1116",
        surface="#151A21",
        panel="#1D242D",
        dark=True,
        variables={"spy-gamma-pos": "#4FB8C9", "spy-gamma-neg": "#D07FC4"},
    ),
    Theme(
        name="spymon-light",
        primary="#1F63B5",
        secondary="#5B4FB0",
        accent="#9A6700",
        warning="#9A6700",
        error="#BE2435",
        success="#0F7A43",
        foreground="#1B222B",
        background="#FBFBF9",
        surface="#F0F1EE",
        panel="#E4E7E6",
        dark=False,
        variables={"spy-gamma-pos": "#0B7285", "spy-gamma-neg": "#A0338C"},
    ),
)

_ANSI_INKS = {
    "text": "default",
    "strong": "bold default",
    "muted": "default",
    "faint": "dim default",
    "title": "bold blue",
    "buy_lo": "green",
    "buy": "green",
    "buy_hi": "bold green",
    "sell_lo": "red",
    "sell": "red",
    "sell_hi": "bold red",
    "gamma_pos": "cyan",
    "gamma_neg": "magenta",
    "gamma_abs": "blue",
    "mark": "bold yellow",
    "warn": "bold yellow",
    "error": "bold red",
    "key": "bold blue",
    "on_badge": "black",
    "on_cursor": "black",
}
_ANSI_HEAT = ("default", "default", "default", "yellow", "yellow", "yellow", "bold yellow", "bold yellow")
_ANSI_GROUNDS = {
    "live": "green",
    "replay": "cyan",
    "simulated": "magenta",
    "delayed": "yellow",
    "stale": "red",
    "closed": "white",
    "cursor": "default underline",
    "cursor_cell": "cyan",
}

MODES = ("live", "replay", "simulated", "delayed", "stale", "closed")
"""Ways the screen can stand to the market; each tints the header its own way."""


class Palette:
    """Styles by ink and ground, made once each.

    inks    : foreground specifications by name, in Rich's notation (`bold #3fbf7f`)
    grounds : background colours by name; a ground may add an attribute (`default underline`)
    """

    __slots__ = ("_grounds", "_inks", "_made")

    def __init__(self, inks: Mapping[str, str], grounds: Mapping[str, str]) -> None:
        self._inks = inks
        self._grounds = grounds
        self._made: dict[tuple[str, str], Style] = {}

    def style(self, ink: str, ground: str) -> Style:
        """Return the style of `ink` on `ground`; an ink that starts with `~` is painted in reverse video."""
        style = self._made.get((ink, ground))
        if style is None:
            reverse = "reverse " if ink.startswith("~") else ""
            spec = f"{reverse}{self._inks[ink.lstrip('~')]} on {self._grounds[ground]}"
            style = self._made[ink, ground] = Style.parse(spec)
        return style

    @property
    def inks(self) -> tuple[str, ...]:
        """Name every ink."""
        return tuple(self._inks)

    @property
    def grounds(self) -> tuple[str, ...]:
        """Name every ground."""
        return tuple(self._grounds)


def register(app: App[Any]) -> None:
    """Make spymon's own themes known to the app."""
    for theme in THEMES:
        app.register_theme(theme)


def palette(theme: Theme) -> Palette:
    """Derive the palette of any theme."""
    if theme.ansi:
        return _ansi_palette(dark=theme.dark)
    colours = theme.to_color_system().generate()
    base = {name: Color.parse(colours[name]) for name in _BASE}
    inks = {name: _own(theme, name, colour) for name, colour in _inks(base).items()}
    grounds = {name: _own(theme, name, colour) for name, colour in _grounds(base).items()}
    for ramp, ink in RAMPS.items():
        for level in range(HEAT_LEVELS):
            cell = base["background"].blend(inks[ink], _ramp_share(level))
            grounds[f"{ramp}{level}"] = cell
            inks[f"{ramp}{level}"] = cell.blend(base["foreground"], 0.35)
    return Palette(
        {name: _BOLD.get(name, "") + colour.hex6 for name, colour in inks.items()},
        {name: colour.hex6 for name, colour in grounds.items()},
    )


def _ramp_share(level: int) -> float:
    """Return how much of its colour a level of a ramp takes; the hottest leaves text readable."""
    return 0.0 if level == 0 else 0.06 + 0.085 * level


def _own(theme: Theme, name: str, derived: Color) -> Color:
    """Prefer the colour the theme names itself."""
    own = theme.variables.get(f"spy-{name.replace('_', '-')}")
    return Color.parse(own) if own else derived


_BASE = (
    "background", "panel", "foreground", "success", "error", "warning", "accent", "primary", "secondary",
)  # fmt: skip
_BOLD = dict.fromkeys(
    ("strong", "title", "buy_hi", "sell_hi", "mark", "warn", "error", "key", "on_badge", "on_cursor"), "bold "
)


def _inks(base: Mapping[str, Color]) -> dict[str, Color]:
    text, back = base["foreground"], base["background"]
    good, bad = base["success"], base["error"]
    heat = {f"heat{level}": text for level in range(HEAT_LEVELS)}
    return heat | {
        "text": text,
        "strong": text,
        "muted": text.blend(back, 0.30),
        "faint": text.blend(back, 0.58),
        "title": base["primary"],
        "buy_lo": good.blend(back, 0.35),
        "buy": good,
        "buy_hi": good.blend(text, 0.15),
        "sell_lo": bad.blend(back, 0.35),
        "sell": bad,
        "sell_hi": bad.blend(text, 0.15),
        "gamma_pos": base["primary"],
        "gamma_neg": base["secondary"],
        "gamma_abs": base["primary"],
        "mark": base["accent"],
        "warn": base["warning"],
        "error": base["error"],
        "key": base["primary"],
        "on_badge": back,
        "on_cursor": back,
    }


def _grounds(base: Mapping[str, Color]) -> dict[str, Color]:
    back, hot = base["background"], base["accent"]
    grounds = {
        "base": back,
        "itm": back.blend(base["foreground"], 0.045),
        "atm": back.blend(base["accent"], 0.20),
        "cursor": back.blend(base["primary"], 0.30),
        "cursor_cell": base["primary"],
        "bar": base["panel"],
        "live": base["success"],
        "replay": base["primary"],
        "simulated": base["secondary"],
        "delayed": base["warning"],
        "stale": base["error"],
        "closed": back.blend(base["foreground"], 0.6),
    }
    for mode in MODES:
        grounds[f"{mode}_bar"] = base["panel"].blend(grounds[mode], 0.22)
    for level in range(HEAT_LEVELS):
        grounds[f"heat{level}"] = back.blend(hot, 0.0 if level == 0 else 0.04 + 0.06 * level)
    return grounds


def _ansi_palette(*, dark: bool) -> Palette:
    """Use the terminal's own colours; yellow cannot be read on a light ground."""
    heat = {f"heat{level}": spec for level, spec in enumerate(_ANSI_HEAT)}
    heat |= {f"{ramp}{level}": _ANSI_INKS[ink] for ramp, ink in RAMPS.items() for level in range(HEAT_LEVELS)}
    plain = ("base", "itm", "atm", "bar", *heat, *(f"{mode}_bar" for mode in MODES))
    inks = {
        name: spec if dark else spec.replace("yellow", "blue") for name, spec in (_ANSI_INKS | heat).items()
    }
    return Palette(inks, dict.fromkeys(plain, "default") | _ANSI_GROUNDS)
