"""Finds what carries out an action: `play.pause` is the method `pause` of what is at home under `play`.

The names are those of `tui.screen.keys`. A new action is a row there and a method here.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.actions import parse

from ..main_screen import MainScreen
from .home import ScreenActions
from .move import PageActions, PaneActions, RowActions
from .signals import LogActions
from .symbol import ExpiryActions, SymbolActions
from .time import PlayActions, SeekActions, SourceActions
from .view import ViewActions

_ON_SCREEN: Mapping[str, type[ScreenActions]] = {
    "row": RowActions,
    "page": PageActions,
    "pane": PaneActions,
    "symbol": SymbolActions,
    "expiry": ExpiryActions,
    "view": ViewActions,
    "log": LogActions,
    "play": PlayActions,
    "seek": SeekActions,
    "source": SourceActions,
}


class ActionHomes:
    """The homes of all actions of one app.

    others : homes of what needs more than the main screen, by name
    """

    def __init__(self, screen: MainScreen, **others: object) -> None:
        self._homes = {name: home(screen) for name, home in _ON_SCREEN.items()} | others

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all homes."""
        return tuple(self._homes)

    def of(self, name: str) -> object:
        """Return a home by its name; KeyError when there is none."""
        return self._homes[name]

    def run(self, action: str) -> None:
        """Carry out an action, `home.method` or `home.method(arguments)`."""
        home, method, arguments = parse(action)
        getattr(self.of(home), method)(*arguments)
