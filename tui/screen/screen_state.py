"""What the parts of the main screen have in common: the views, and the person's choices."""

from __future__ import annotations

from dataclasses import dataclass

from engine.views.view import View

from ..settings.prefs import Prefs


@dataclass(slots=True)
class ScreenState:
    """One for the main screen and all its parts.

    prefs  : how the person wants it to look
    latest : the newest view, painted or not; None before the first
    view   : the painted view, older than the latest while the picture is frozen
    """

    prefs: Prefs
    latest: View | None = None
    view: View | None = None

    @property
    def newest(self) -> View:
        """The newest view; what reads it is closed until there is one."""
        assert self.latest is not None, "only early keys work before the first view"
        return self.latest
