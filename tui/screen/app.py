"""The terminal application: one frame clock between a desk and a screen.

Owns the life of the desk (opened after the first paint, stopped at the end), the frame clock, and what holds
on every screen: themes, help, palette, screenshots, leaving. It refuses to know what a view contains and how
a key is spelled; importing it loads neither the fold nor the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.timer import Timer
from textual.types import IgnoreReturnCallbackType
from textual.worker import WorkerFailed

from engine.model.calendar import clock_text
from engine.views.commands import Command
from engine.views.view import View
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell, Write
from tui.alerts.gate import AlertParams

from ..run import process
from ..run.lazy_monitor import MonitorLike as Desk
from ..settings.prefs import Prefs
from . import keys, steering, theme
from .frame_rate import FrameRate, ViewGate
from .main_screen import MainScreen
from .palette import SpymonCommands
from .sheets.help import HelpScreen
from .sheets.modal import PaletteScreen
from .terminal import TerminalState, standing


def _unasked(write: Write) -> Alerter:
    """Return the alerts of somebody who asked for none: the bell alone, and off."""
    return Alerter(AlertParams(), (), Bell(write))


INTERRUPTED, HUNG_UP = 130, 129
THEMES = ("spymon-dark", "spymon-light", "ansi-dark", "ansi-light")
_SIGNALS = {"SIGINT": INTERRUPTED, "SIGTERM": 143, "SIGHUP": HUNG_UP}


class SpymonApp(App[None]):
    """Paints the newest view of a desk, so many times per second, and sends it what the keys ask for.

    After `run` returns, `return_code` is the exit status, and `error` what the desk could not start for, or
    what failed on the screen.

    desk        : what is watched
    fps         : frames per second, 1-20
    keymap      : key id -> Textual key names, over the table's own
    screenshots : folder for saved screens
    what        : named while loading, e.g. 'SPY 2025-12-16'
    cpu_s       : seconds of processor this thread has used so far
    settle      : called after the first paint and after the first view
    alerts      : makes the run's alerts, given what writes to the terminal
    """

    TITLE = "spymon"
    CSS_PATH = "main_screen.tcss"  # of the app, because Textual loads no sheet of a default screen
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings(of_app=True)]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {SpymonCommands}

    def __init__(
        self,
        desk: Desk,
        *,
        fps: float = 10.0,
        keymap: Mapping[str, str] | None = None,
        screenshots: Path = Path(),
        what: str = "the day",
        cpu_s: Callable[[], float] = time.thread_time,
        settle: Callable[[], None] = process.settle,
        alerts: Callable[[Write], Alerter] = _unasked,
    ) -> None:
        super().__init__()
        self.desk = desk
        self.alerter = alerts(self._write_through)
        self.error: BaseException | None = None
        self._keymap_given = dict(keymap or {})
        self._table = keys.with_keymap(self._keymap_given)
        self._main = MainScreen(desk, self._table, what, Prefs(fps=fps))
        self._screenshots = screenshots
        self._cpu_s = cpu_s
        self._settle = settle
        self._pace = FrameRate.of(fps)
        self._gate = ViewGate()
        self._clock: Timer | None = None
        self._unread: contextlib.ExitStack | None = None
        self._spent_s = 0.0
        self._tick = 0
        self._told = ""

    # life ------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """Begin with the desk."""
        return self._main

    def on_mount(self) -> None:
        """Prepare what the first paint needs, and ask to be called after it."""
        theme.register(self)
        self.theme = theme.DEFAULT_THEME
        self.set_keymap(self._keymap_given)
        self._heed_signals()
        self.call_after_refresh(self._painted_first)

    async def on_unmount(self) -> None:
        """Let the desk flush and close."""
        await self.desk.stop()

    def _painted_first(self) -> None:
        self._settle()
        self.run_worker(self._open(), group="desk")
        self._spent_s = self._cpu_s()
        self._start_clock()

    async def _open(self) -> None:
        try:
            await self.desk.start()
        except Exception as error:  # the command line reports it: one sentence, and the right exit code
            self.error = error
            self.exit(return_code=1)

    def _fatal_error(self) -> None:
        """Leave after a failure nobody expected; the command line reports it, as it does every other one.

        Textual would print a traceback over many screens; `-v` shows one to those who ask for it.
        """
        if self.error is None:
            error = self._exception
            self.error = error.error if isinstance(error, WorkerFailed) else error
        self._close_messages_no_wait()

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name, status in _SIGNALS.items():
            # Windows has not all of them and no such handlers; only the main thread may set them.
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), partial(self.exit, return_code=status))

    # frames ----------------------------------------------------------------------------------------------

    def _start_clock(self) -> None:
        if self._clock:
            self._clock.stop()
        self._clock = self.set_interval(1 / self._pace.fps, self.frame, name="frames")

    def frame(self) -> None:
        """Paint the newest view if it is news; called by the frame clock."""
        if not self._main.is_attached:
            return  # the last tick of an app that is closing
        self._tick += 1
        self._heed_terminal()
        self._keep_pace()
        self._report(self.desk.failure)
        if self.desk.refusal is not None:  # nothing is left to watch: the command line says it, with its code
            self.error = self.desk.refusal
            self.exit(return_code=self.desk.refusal.exit_code)
        for sentence in self.alerter.tick():
            self.notify(sentence, severity="warning", timeout=8)
        view = self.desk.view
        if view is None:
            self._main.wait(self._tick, self.desk.failure)
        elif self._gate.admits(view):
            self._paint(view)
        self._main.refresh_detail(self._tick)
        self._main.refresh_inquiry(self._tick)
        self._main.refresh_stage(self._tick, frozen=self._main.prefs.frozen)

    def _paint(self, view: View) -> None:
        first = not self._main.has_view
        self._main.show(view)
        if first:
            self.call_after_refresh(self._settle)

    def _heed_terminal(self) -> None:
        """Leave with the terminal; while nobody reads it write nothing, and paint all of it afterwards."""
        if self.is_headless:
            return
        found = standing(sys.__stderr__)  # what Textual writes to
        if found is TerminalState.GONE:
            self.exit(return_code=HUNG_UP)
        elif found is TerminalState.UNREAD and self._unread is None:
            self._unread = contextlib.ExitStack()
            self._unread.enter_context(self.batch_update())
        elif found is TerminalState.READY and self._unread is not None:
            self._unread.close()
            self._unread = None
            self.screen.refresh()

    def _keep_pace(self) -> None:
        spent_s = self._cpu_s()
        pace, self._spent_s = self._pace.after(spent_s - self._spent_s), spent_s
        changed = pace.fps != self._pace.fps
        self._pace = pace
        if changed:
            self._start_clock()
            self._main.set_prefs(replace(self._main.prefs, fps=pace.fps))
            why = "painting is quick again" if pace.fps == pace.wanted else "painting took too long"
            self.notify(f"{pace.fps:g} frames per second now, because {why}.", timeout=4)

    def _report(self, failure: str | None) -> None:
        if (failure or "") != self._told:
            self._told = failure or ""
            self._main.fail(self._told)

    def _write_through(self, text: str) -> None:
        """Write to the terminal between two frames; its driver keeps them whole."""
        if self._driver is not None and not self.is_headless and self._unread is None:
            self._driver.write(text)

    # for the palette -------------------------------------------------------------------------------------

    def sender(self, command: Command) -> IgnoreReturnCallbackType:
        """Return a function that sends the command."""
        return lambda: self.desk.send(command)

    def runner(self, action: str) -> IgnoreReturnCallbackType:
        """Return a function that carries out a key's action."""

        async def run() -> None:
            await self.run_action(action, self._main)

        return run

    # actions ---------------------------------------------------------------------------------------------

    def action_theme(self) -> None:
        """Change to the next theme."""
        self.theme = steering.neighbour(THEMES, self.theme, 1) or THEMES[0]
        self._main.repaint()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen(self._table))

    def action_palette(self) -> None:
        """Open the palette."""
        if not isinstance(self.screen, PaletteScreen):
            self.push_screen(PaletteScreen(id="--command-palette"))

    def action_shot(self) -> None:
        """Save the screen, named after the moment of tape it shows."""
        view = self._main.view
        moment = f"-{view.symbol}-{view.day}-{clock_text(view.tape_ns).replace(':', '')}" if view else ""
        folder = self._screenshots
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = self.save_screenshot(f"spymon{moment}.svg", str(folder))
        except OSError as error:
            self.notify(f"The screenshot could not be written to {folder}: {error}.", severity="error")
        else:
            self.notify(f"Saved {path}.", timeout=4)

    def action_alert_bell(self) -> None:
        """Turn the bell on or off; turned on by hand it rings in a replay too."""
        self.notify(f"The bell is {'on' if self.alerter.toggle_bell() else 'off'}.", timeout=3)

    def action_mute(self) -> None:
        """Send no alerts of the chosen signal's rule, or send them again."""
        row = self._main.chosen_signal()
        if row is None:
            self.notify("There is no signal yet whose rule could be muted.", timeout=3)
            return
        muted = self.alerter.toggle_mute(row.rule)
        self._main.set_prefs(replace(self._main.prefs, muted=self.alerter.muted))
        self.notify(f"{row.rule} {'is muted: it sends no alerts' if muted else 'alerts again'}.", timeout=4)

    def action_leave(self) -> None:
        """Quit."""
        self.exit()

    def action_interrupt(self) -> None:
        """Quit, and say to whoever called that it was an interruption."""
        self.exit(return_code=INTERRUPTED)
