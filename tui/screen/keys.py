"""Every key of the screen, in one table.

Owns which key does what, and what is said about it: the same rows feed Textual's bindings, the hint line,
the help screen, the palette and the README. It refuses to know how an action is carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from textual.binding import Binding

from engine.model.errors import ConfigError

Place = Literal["nowhere", "past", "front", "behind"]
"""Where in time the screen stands: before the first view, on a past day, at a live day's front, behind it."""

NOWHERE: Place = "nowhere"
PAST: Place = "past"
FRONT: Place = "front"
BEHIND: Place = "behind"
ANYWHERE = (NOWHERE, PAST, FRONT, BEHIND)
ON_TAPE = (PAST, FRONT, BEHIND)
REPLAYING = (PAST, BEHIND)

GROUPS = ("move", "symbol", "view", "signals", "time", "app")

_FIRST = ("app.help", "app.quit")
_HINTED = (
    *_FIRST, "play.live", "play.pause", "seek.on", "play.faster", "row.choose", "symbol.{}", "log.filter",
    "view.heat", "view.smile", "view.flow", "view.rankings", "view.profile", "view.convention", "app.palette",
    "seek.time", "source.switch", "row.down", "play.step",
)  # fmt: skip
"""What the hint line shows, in the order in which it shows it: what is wanted soonest comes first."""

_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_SPELLED = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "backslash": "\\",
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "equals_sign": "=",
    "colon": ":",
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "esc",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table.

    id     : what a user's keymap calls it; a row of several digits has one id per digit, `symbol.1` …
    keys   : Textual key names, separated by commas
    action : Textual action; `{}` stands for the key itself
    help   : one line, said in the help screen, the palette and the README
    hint   : the word in the hint line, empty when it is not shown there
    brief  : how the keys are written in the hint line, when not in full
    hinted : where in time the hint line shows it
    """

    id: str
    keys: str
    action: str
    group: str
    help: str
    hint: str = ""
    brief: str = ""
    hinted: tuple[Place, ...] = ANYWHERE

    @property
    def names(self) -> tuple[str, ...]:
        """The Textual key names."""
        return tuple(name.strip() for name in self.keys.split(","))

    @property
    def label(self) -> str:
        """The keys as a person writes them."""
        if "{}" in self.action and len(self.names) > 2:
            return f"{self.names[0]}–{self.names[-1]}"
        return " ".join(spelled(name) for name in self.names)

    def bindings(self) -> Iterator[Binding]:
        """Yield its bindings; they come before those of the focused widget."""
        for name in self.names if "{}" in self.action else (self.keys,):
            own_id = self.id.format(name)
            yield Binding(name, self.action.format(name), self.help, show=False, priority=True, id=own_id)


TABLE = (
    Key("row.down", "j,down", "row(1)", "move", "next row", hint="row", brief="jk"),
    Key("row.up", "k,up", "row(-1)", "move", "row before"),
    Key("page.down", "ctrl+d,pagedown", "page(1)", "move", "half a page down"),
    Key("page.up", "ctrl+u,pageup", "page(-1)", "move", "half a page up"),
    Key("row.first", "g", "edge(-1)", "move", "first row"),
    Key("row.last", "G", "edge(1)", "move", "last row"),
    Key("row.centre", "z", "centre", "move", "back to the spot, or to the newest signal"),
    Key("pane.next", "tab", "pane(1)", "move", "next pane: grid, signals"),
    Key("pane.previous", "shift+tab", "pane(-1)", "move", "pane before"),
    Key(
        "row.choose",
        "enter",
        "choose",
        "move",
        "contract in detail, its other side; a signal's evidence",
        hint="detail",
    ),
    Key(
        "symbol.{}", "1,2,3,4,5,6,7,8,9", "symbol({})", "symbol", "that symbol of the watch list", hint="sym"
    ),
    Key("symbol.next", "n", "symbol_by(1)", "symbol", "next symbol"),
    Key("symbol.previous", "N", "symbol_by(-1)", "symbol", "symbol before"),
    Key("expiry.next", "e", "expiry_by(1)", "symbol", "next expiration"),
    Key("expiry.previous", "E", "expiry_by(-1)", "symbol", "expiration before"),
    Key(
        "view.profile",
        "v",
        "profile_view",
        "view",
        "profile: net, calls and puts, absolute, OI, volume",
        hint="γ-view",
    ),
    Key("view.metric", "m", "metric", "view", "metric: gamma, delta, vanna, charm; a view's own"),
    Key("view.convention", "D", "convention", "view", "whose sign: assumed, flow, blended", hint="sign"),
    Key("view.basis", "V", "basis", "view", "weighed by open interest, volume or flow"),
    Key("view.scope", "a", "scope", "view", "expirations summed: the shown one, the watched ones, all"),
    Key("view.unit", "u", "unit", "view", "gamma unit: $ per 1 %, $ per $1, shares"),
    Key(
        "view.scale",
        "equals_sign",
        "autoscale",
        "view",
        "fit the scale to what is shown now",
    ),
    Key("view.calls", "c", "side('calls')", "view", "calls only, again for both"),
    Key("view.puts", "p", "side('puts')", "view", "puts only, again for both"),
    Key("view.freeze", "F", "freeze", "view", "freeze the picture; data continue"),
    Key("view.theme", "T", "app.theme", "view", "next theme: dark, light, the terminal's own colours"),
    Key(
        "view.heat",
        "h",
        "stage('heat')",
        "view",
        "heat map by minute; there ←→ move in time, enter goes there",
        hint="heat",
    ),
    Key(
        "view.smile",
        "i",
        "stage('smile')",
        "view",
        "smile: volatility by strike, with its error",
        hint="smile",
    ),
    Key(
        "view.flow",
        "l",
        "stage('flow')",
        "view",
        "flow lines: premium, delta, gamma, hedging over time",
        hint="flow",
    ),
    Key(
        "view.rankings",
        "r",
        "stage('top')",
        "view",
        "rankings: ten by open interest, volume, put/call",
        hint="top",
    ),
    Key("view.mark", "b", "mark", "view", "heat map: what changed since its cursor's time, or all"),
    Key("log.filter", "slash", "filter", "signals", "filter the signals: spike 685c >100k", hint="filter"),
    Key("log.kind", "s", "signal_kind", "signals", "one kind of signal after the other"),
    Key("log.outcomes", "O", "outcomes", "signals", "how the signals did so far, against random moments"),
    Key(
        "log.what_if",
        "W",
        "what_if",
        "signals",
        "the day again with other thresholds: volume_spike.z=5",
    ),
    Key("alert.bell", "B", "app.alert_bell", "signals", "bell on or off, in a replay too"),
    Key("alert.mute", "M", "app.mute", "signals", "mute the chosen signal's rule: it sends no alerts"),
    Key("play.pause", "space", "pause", "time", "pause or play on", hint="pause", hinted=ON_TAPE),
    Key("play.slower", "left_square_bracket", "speed(-1)", "time", "slower"),
    Key(
        "play.faster",
        "right_square_bracket",
        "speed(1)",
        "time",
        "faster",
        hint="speed",
        brief="[ ]",
        hinted=REPLAYING,
    ),
    Key("play.normal", "backslash", "speed(0)", "time", "speed ×1"),
    Key("play.step_back", "comma", "step(-1)", "time", "one frame back, and pause"),
    Key(
        "play.step",
        "full_stop",
        "step(1)",
        "time",
        "one frame on, and pause",
        hint="step",
        brief=", .",
        hinted=ON_TAPE,
    ),
    Key("seek.back", "left", "skip(-5)", "time", "back 5 s × speed, at least 1 s"),
    Key(
        "seek.on",
        "right",
        "skip(5)",
        "time",
        "on 5 s × speed, at least 1 s",
        hint="seek",
        brief="←→",
        hinted=ON_TAPE,
    ),
    Key("seek.minute_back", "shift+left", "skip(-60)", "time", "back 1 min × speed"),
    Key("seek.minute_on", "shift+right", "skip(60)", "time", "on 1 min × speed"),
    Key("seek.signal_back", "left_curly_bracket", "jump(-1)", "time", "signal before"),
    Key("seek.signal_on", "right_curly_bracket", "jump(1)", "time", "next signal"),
    Key("seek.start", "home", "ends(-1)", "time", "start of the day"),
    Key("seek.end", "end", "ends(1)", "time", "end of the day, on a live day now"),
    Key(
        "seek.time",
        "t",
        "goto",
        "time",
        "go to a time: 10:31, 1031, +5m, -30s, open+15m",
        hint="goto",
        hinted=ON_TAPE,
    ),
    Key("play.live", "L", "live", "time", "back to the live day as it is now", hint="now", hinted=(BEHIND,)),
    Key("source.switch", "S", "source", "time", "switch the source: live, simulated, days", hint="source"),
    Key("app.palette", "colon,ctrl+p", "app.palette", "app", "every command by name", hint="cmd", brief=":"),
    Key("app.screenshot", "ctrl+s", "app.shot", "app", "save the screen as SVG"),
    Key(
        "app.back",
        "escape",
        "back",
        "app",
        "back to the grid; close; dismiss the note",
        brief="esc",
    ),
    Key("app.help", "question_mark", "app.help", "app", "this help", hint="help"),
    Key("app.quit", "q,ctrl+q", "app.leave", "app", "quit", hint="quit", brief="q"),
    Key("app.interrupt", "ctrl+c", "app.interrupt", "app", "quit at once, as an interruption"),
)
"""All keys, in the order in which they are explained."""


def spelled(name: str) -> str:
    """Return a Textual key name as a person writes it: `shift+left` is `shift+←`."""
    *modifiers, key = name.split("+")
    return "+".join([*modifiers, _SPELLED.get(key, key)])


def with_keymap(keymap: Mapping[str, str]) -> tuple[Key, ...]:
    """Return the table as a user's keymap (id -> Textual key names) changes it."""
    unknown = sorted(set(keymap) - {binding.id for binding in bindings()})
    if unknown:
        raise ConfigError(f"The keymap names {unknown[0]!r}, which is no key's id; the README lists the ids.")
    return tuple(replace(key, keys=keymap[key.id], brief="") if key.id in keymap else key for key in TABLE)


def bindings(*, of_app: bool | None = None) -> list[Binding]:
    """Return all bindings, or only those that hold on every screen (True), or on the main one (False)."""
    return [
        binding
        for key in TABLE
        if of_app is None or of_app == (key.id in ("app.interrupt",))
        for binding in key.bindings()
    ]


def hints(
    place: Place, table: tuple[Key, ...] = TABLE, instead: Mapping[str, str] = _NO_WORDS
) -> list[tuple[str, str]]:
    """Return (keys, word) for the hint line: the keys that help where the screen stands.

    A narrow line shows only the first ones: how to get help and how to get out come before the rest.

    instead : words by id where keys mean something else, which come next; an empty one hides its key
    """
    worded = [(key, instead.get(key.id, key.hint)) for key in table if place in key.hinted]
    shown = [(key, word) for key, word in worded if word]
    rank = {own_id: nth for nth, own_id in enumerate(_HINTED)}

    def order(pair: tuple[Key, str]) -> tuple[bool, bool, int]:
        own_id = pair[0].id
        return own_id not in _FIRST, own_id not in instead, rank.get(own_id, len(rank))

    return [(key.brief or key.label, word) for key, word in sorted(shown, key=order)]


def grouped(table: tuple[Key, ...] = TABLE) -> list[tuple[str, list[Key]]]:
    """Return the rows by group, in the order of GROUPS."""
    return [(group, [key for key in table if key.group == group]) for group in GROUPS]


def markdown() -> str:
    """Return the table for the README."""
    lines = ["| | key | id | does |", "|---|---|---|---|"]
    for group, rows in grouped():
        for n, key in enumerate(rows):
            own_id = key.id.format("N")
            lines.append(f"| {group if n == 0 else ''} | {_code(key)} | `{own_id}` | {key.help} |")
    return "\n".join(lines)


def _code(key: Key) -> str:
    if "{}" in key.action:
        return f"`{key.label}`"
    return " ".join(f"`{spelled(name)}`" for name in key.names)
