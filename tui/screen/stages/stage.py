"""One line of the table of stages: a view that can stand where the grid stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..key import Key
from .widget import StageWidget


@dataclass(frozen=True, slots=True)
class Stage:
    """What is known of a view before it is shown.

    name   : what actions call it; the key that shows it has the id `view.NAME`
    title  : what a sentence calls it
    widget : its class, which says what it must ask the monitor (`StageWidget.queries`)
    key    : Textual name of the key that shows it and, pressed again, the grid; empty for the grid itself
    hint   : the word of this key in the hint line
    help   : what is said of this key in the help screen, the palette and the reference of keys
    hints  : words of the hint line for other keys while it is shown, by id; an empty one hides its key
    keys   : keys that only this view has; each calls the widget's method of that name by `view.own('NAME')`
    """

    name: str
    title: str
    widget: type[StageWidget]
    key: str = ""
    hint: str = ""
    help: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()

    @property
    def id(self) -> str:
        """The id of the key that shows it."""
        return f"view.{self.name}"

    def rows(self) -> tuple[Key, ...]:
        """Return its row of the keys table; none for the grid."""
        row = Key(self.id, self.key, "view", self.help, hint=self.hint, action=f"view.stage({self.name!r})")
        return (row,) if self.key else ()

    def words(self) -> Mapping[str, str]:
        """Return what the hint line says instead while it is shown: its own key leads back to the grid."""
        return {**self.hints, self.id: "grid"} if self.key else self.hints
