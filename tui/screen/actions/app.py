"""What holds for the whole program: help, palette, pictures of the screen, leaving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App

from engine.model.calendar import clock_text

from ..key import Key
from ..main_screen import MainScreen
from ..sheets.help import HelpScreen
from ..sheets.modal import PaletteScreen

INTERRUPTED = 130


class AppActions:
    """Actions on the app.

    table       : the keys as the user's keymap has them
    screenshots : folder for saved screens
    """

    def __init__(self, app: App[Any], screen: MainScreen, table: tuple[Key, ...], screenshots: Path) -> None:
        self._app = app
        self._screen = screen
        self._table = table
        self._screenshots = screenshots

    def help(self) -> None:
        """Show the keys."""
        self._app.push_screen(HelpScreen(self._table))

    def palette(self) -> None:
        """Open the palette."""
        if not isinstance(self._app.screen, PaletteScreen):
            self._app.push_screen(PaletteScreen(id="--command-palette"))

    def screenshot(self) -> None:
        """Save the screen, named after the moment of tape it shows."""
        view, folder = self._screen.view, self._screenshots
        moment = f"-{view.symbol}-{view.day}-{clock_text(view.tape_ns).replace(':', '')}" if view else ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = self._app.save_screenshot(f"spymon{moment}.svg", str(folder))
        except OSError as error:
            sentence = f"The screenshot could not be written to {folder}: {error}."
            self._app.notify(sentence, severity="error")
        else:
            self._app.notify(f"Saved {path}.", timeout=4)

    def back(self) -> None:
        """Go back to the grid; else close the drawer, drop the filter, dismiss the note."""
        self._screen.back()

    def quit(self) -> None:
        """Leave."""
        self._app.exit()

    def interrupt(self) -> None:
        """Leave, and say to whoever called that it was an interruption."""
        self._app.exit(return_code=INTERRUPTED)
