"""One key: what a row of the keys table says, and how a person writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.binding import Binding

from .time_position import ANYWHERE, TimePosition

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
    """One row of the keys table.

    id     : what a user's keymap calls it, and the name of its action: `play.pause` is the method `pause` of
             what is at home under `play` (`tui.screen.actions`); `{}` stands for each of several digits
    keys   : Textual key names, separated by commas
    group  : the heading it stands under
    help   : one line, for the help screen, the palette and the reference of keys
    hint   : the word in the hint line, empty when it is not shown there
    brief  : how the keys are written in the hint line, when not in full
    hinted : where in time the hint line shows it
    action : what is carried out where that is not the id: `home.method(arguments)`, `{}` as in the id
    early  : whether it works before the first view
    """

    id: str
    keys: str
    group: str
    help: str
    hint: str = ""
    brief: str = ""
    hinted: tuple[TimePosition, ...] = ANYWHERE
    action: str = ""
    early: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The Textual key names."""
        return tuple(name.strip() for name in self.keys.split(","))

    @property
    def by_digit(self) -> bool:
        """Whether it is a row of several digits, each of which does something else."""
        return "{}" in self.id

    @property
    def label(self) -> str:
        """The keys as a person writes them."""
        if self.by_digit and len(self.names) > 2:
            return f"{self.names[0]}–{self.names[-1]}"
        return " ".join(spelled(name) for name in self.names)

    def each(self) -> tuple[Key, ...]:
        """Return one row per id: of a row of several digits one per digit."""
        if not self.by_digit:
            return (self,)
        return tuple(
            replace(self, id=self.id.format(name), keys=name, action=self.action.format(name))
            for name in self.names
        )

    def binding(self) -> Binding:
        """Return its binding, which comes before those of the focused widget."""
        return Binding(self.keys, f"app.act({self.id!r})", self.help, show=False, priority=True, id=self.id)


def spelled(name: str) -> str:
    """Return a Textual key name as a person writes it: `shift+left` is `shift+←`."""
    *modifiers, key = name.split("+")
    return "+".join([*modifiers, _SPELLED.get(key, key)])
