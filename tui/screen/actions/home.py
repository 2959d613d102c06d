"""What the homes of actions have in common."""

from __future__ import annotations

from ..main_screen import MainScreen


class ScreenActions:
    """Actions on the main screen; each is a method without arguments, named as in the table of keys."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
