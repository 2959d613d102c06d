"""Every key of the screen, in one table.

Owns which key does what, and what is said about it: the same rows feed Textual's bindings, the hint line,
the help screen, the palette and the reference of keys. How an action is carried out is found from its name,
in `tui.screen.actions`; the keys of views that stand in the grid's place are told by `STAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from textual.binding import Binding

from engine.model.errors import ConfigError

from .key import Key, spelled
from .stages.table import STAGES
from .time_position import BEHIND, ON_TAPE, REPLAYING, TimePosition

GROUPS = ("move", "symbol", "view", "signals", "time", "app")

_FIRST = ("app.help", "app.quit")
_HINTED = (
    *_FIRST, "play.live", "play.pause", "seek.on", "play.faster", "row.choose", "symbol.{}", "log.filter",
    *(row.id for stage in STAGES for row in stage.rows()), "view.profile", "view.convention", "app.palette",
    "seek.time", "source.switch", "row.down", "play.step",
)  # fmt: skip
"""What the hint line shows, in the order in which it shows it: what is wanted soonest comes first."""

LOG_HINTS: Mapping[str, str] = MappingProxyType(
    {"row.choose": "evidence", "log.kind": "kind", "log.outcomes": "outcomes", "alert.mute": "mute"}
)
"""What keys are for while the signals have the focus."""

EVERYWHERE = ("app.interrupt",)
"""What holds on every screen, on a sheet too; the rest holds on the main one."""

_NO_WORDS: Mapping[str, str] = MappingProxyType({})

TABLE: tuple[Key, ...] = (
    Key("row.down", "j,down", "move", "next row", hint="row", brief="jk"),
    Key("row.up", "k,up", "move", "row before"),
    Key("page.down", "ctrl+d,pagedown", "move", "half a page down"),
    Key("page.up", "ctrl+u,pageup", "move", "half a page up"),
    Key("row.first", "g", "move", "first row"),
    Key("row.last", "G", "move", "last row"),
    Key("row.centre", "z", "move", "back to the spot, or to the newest signal"),
    Key("pane.next", "tab", "move", "next pane: grid, signals"),
    Key("pane.previous", "shift+tab", "move", "pane before"),
    Key(
        "row.choose",
        "enter",
        "move",
        "contract in detail, its other side; a signal's evidence",
        hint="detail",
    ),
    Key(
        "symbol.{}",
        "1,2,3,4,5,6,7,8,9",
        "symbol",
        "that symbol of the watch list",
        hint="sym",
        action="symbol.number({})",
    ),
    Key("symbol.next", "n", "symbol", "next symbol"),
    Key("symbol.previous", "N", "symbol", "symbol before"),
    Key("expiry.next", "e", "symbol", "next expiration"),
    Key("expiry.previous", "E", "symbol", "expiration before"),
    Key("view.profile", "v", "view", "profile: net, calls and puts, absolute, OI, volume", hint="γ-view"),
    Key("view.metric", "m", "view", "metric: gamma, delta, vanna, charm; a view's own"),
    Key("view.past", "d", "view", "┆ draws the profile of 5 minutes ago, of the open"),
    Key("view.convention", "D", "view", "whose sign: assumed, flow, blended", hint="sign"),
    Key("view.basis", "V", "view", "weighed by open interest, volume or flow"),
    Key("view.scope", "a", "view", "expirations summed: the shown one, the watched ones, all"),
    Key("view.unit", "u", "view", "gamma unit: $ per 1 %, $ per $1, shares"),
    Key("view.scale", "equals_sign", "view", "fit the scale to what is shown now"),
    Key("view.calls", "c", "view", "calls only, again for both"),
    Key("view.puts", "p", "view", "puts only, again for both"),
    Key("view.freeze", "F", "view", "freeze the picture; data continue"),
    Key("view.theme", "T", "view", "next theme: dark, light, the terminal's own colours", early=True),
    *(row for stage in STAGES for row in stage.rows()),
    *(row for stage in STAGES for row in stage.keys),
    Key(
        "log.filter", "slash", "signals", "filter the signals: spike,sweep 685c 0dte >50k !fmv", hint="filter"
    ),
    Key("log.kind", "s", "signals", "one kind of signal after the other"),
    Key("log.outcomes", "O", "signals", "how the signals did so far, against random moments"),
    Key("log.what_if", "W", "signals", "the day again with other thresholds: volume_spike.z=5"),
    Key("alert.bell", "B", "signals", "bell on or off, in a replay too", early=True),
    Key("alert.mute", "M", "signals", "mute the chosen signal's rule: it sends no alerts", early=True),
    Key("play.pause", "space", "time", "pause or play on", hint="pause", hinted=ON_TAPE),
    Key("play.slower", "left_square_bracket", "time", "slower"),
    Key("play.faster", "right_square_bracket", "time", "faster", hint="speed", brief="[ ]", hinted=REPLAYING),
    Key("play.normal", "backslash", "time", "speed ×1"),
    Key("play.step_back", "comma", "time", "one frame back, and pause"),
    Key(
        "play.step", "full_stop", "time", "one frame on, and pause", hint="step", brief=", .", hinted=ON_TAPE
    ),
    Key("seek.back", "left", "time", "back 5 s × speed, at least 1 s"),
    Key("seek.on", "right", "time", "on 5 s × speed, at least 1 s", hint="seek", brief="←→", hinted=ON_TAPE),
    Key("seek.minute_back", "shift+left", "time", "back 1 min × speed"),
    Key("seek.minute_on", "shift+right", "time", "on 1 min × speed"),
    Key("seek.signal_back", "left_curly_bracket", "time", "signal before"),
    Key("seek.signal_on", "right_curly_bracket", "time", "next signal"),
    Key("seek.start", "home", "time", "start of the day"),
    Key("seek.end", "end", "time", "end of the day, on a live day now"),
    Key(
        "seek.time",
        "t",
        "time",
        "go to a time: 10:31, 1031, +5m, -30s, open+15m",
        hint="goto",
        hinted=ON_TAPE,
    ),
    Key("play.live", "L", "time", "back to the live day as it is now", hint="now", hinted=(BEHIND,)),
    Key("source.switch", "S", "time", "switch the source: live, simulated, days", hint="source", early=True),
    Key("app.palette", "colon,ctrl+p", "app", "every command by name", hint="cmd", brief=":", early=True),
    Key("app.screenshot", "ctrl+s", "app", "save the screen as SVG", early=True),
    Key("app.back", "escape", "app", "back to the grid; close; dismiss the note", brief="esc", early=True),
    Key("app.help", "question_mark", "app", "this help", hint="help", early=True),
    Key("app.quit", "q,ctrl+q", "app", "quit", hint="quit", brief="q", early=True),
    Key("app.interrupt", "ctrl+c", "app", "quit at once, as an interruption", early=True),
)
"""All keys, in the order in which they are explained."""


def by_id(table: tuple[Key, ...] = TABLE) -> dict[str, Key]:
    """Return the rows by their ids, `symbol.1` and the other digits each by its own."""
    return {each.id: each for key in table for each in key.each()}


def with_keymap(keymap: Mapping[str, str]) -> tuple[Key, ...]:
    """Return the table as a user's keymap (id -> Textual key names) changes it."""
    unknown = sorted(set(keymap) - set(by_id()))
    if unknown:
        raise ConfigError(
            f"The keymap names {unknown[0]!r}, which is no key's id; docs/reference/keys.md lists the ids."
        )
    return tuple(replace(key, keys=keymap[key.id], brief="") if key.id in keymap else key for key in TABLE)


def bindings(*, of_app: bool | None = None) -> list[Binding]:
    """Return all bindings, or only those that hold on every screen (True), or on the main one (False)."""
    return [
        key.binding() for own_id, key in by_id().items() if of_app is None or of_app == (own_id in EVERYWHERE)
    ]


def hints(
    position: TimePosition, table: tuple[Key, ...] = TABLE, instead: Mapping[str, str] = _NO_WORDS
) -> list[tuple[str, str]]:
    """Return (keys, word) for the hint line: the keys that help where the screen stands.

    A narrow line shows only the first ones: how to get help and how to get out come before the rest.

    instead : words by id where keys mean something else, which come next; an empty one hides its key
    """
    worded = [(key, instead.get(key.id, key.hint)) for key in table if position in key.hinted]
    rank = {own_id: nth for nth, own_id in enumerate(_HINTED)}

    def order(pair: tuple[Key, str]) -> tuple[bool, bool, int]:
        own_id = pair[0].id
        return own_id not in _FIRST, own_id not in instead, rank.get(own_id, len(rank))

    return [(key.brief or key.label, word) for key, word in sorted(worded, key=order) if word]


def grouped(table: tuple[Key, ...] = TABLE) -> list[tuple[str, list[Key]]]:
    """Return the rows by group, in the order of GROUPS."""
    return [(group, [key for key in table if key.group == group]) for group in GROUPS]


class KeyReference(NamedTuple):
    """One row of the reference of keys.

    keys  : as a person writes them, `1–9` for the digits
    id    : what a keymap calls it, `symbol.N` for the digits
    does  : one line
    group : the heading it stands under, one of GROUPS
    where : on what it holds: every screen, the main screen, or there only in one view
    """

    keys: tuple[str, ...]
    id: str
    does: str
    group: str
    where: str


def reference(table: tuple[Key, ...] = TABLE) -> list[KeyReference]:
    """Return every key for a page of the documentation, by group in the order of the table."""
    own = {key.id: stage.title for stage in STAGES for key in stage.keys}
    rows = []
    for group, keys in grouped(table):
        for key in keys:
            names = (key.label,) if key.by_digit else tuple(spelled(name) for name in key.names)
            where = "every screen" if key.id in EVERYWHERE else own.get(key.id, "main screen")
            rows.append(KeyReference(names, key.id.format("N"), key.help, group, where))
    return rows
