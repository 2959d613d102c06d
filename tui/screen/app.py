"""The terminal application: one frame clock between a monitor and a screen.

Owns the life of the monitor (opened after the first paint, stopped at the end) and the frame clock, and
hands actions to their homes. Importing it loads neither the fold nor the store.
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

from engine.views.commands import Command
from engine.views.view import View
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell, Write
from tui.alerts.gate import AlertParams

from ..run import process
from ..run.lazy_monitor import MonitorLike
from ..settings.prefs import Prefs
from . import keys, theme
from .actions.app import INTERRUPTED, AppActions
from .actions.homes import ActionHomes
from .actions.signals import AlertActions
from .background import in_background
from .frame_rate import FrameRate, ViewGate
from .key import Key
from .main_screen import MainScreen
from .palette import SpymonCommands
from .sheets.panel import PanelSheet
from .terminal import TerminalState, terminal_state

HUNG_UP = 129
_SIGNALS = {"SIGINT": INTERRUPTED, "SIGTERM": 143, "SIGHUP": HUNG_UP}


def bell_alone(write: Write) -> Alerter:
    """Return the alerts of somebody who asked for none: the bell alone, and off."""
    return Alerter(AlertParams(), (), Bell(write))


class SpymonApp(App[None]):
    """Paints the newest view of a monitor, so many times per second, and sends it what the keys ask for.

    After `run` returns, `return_code` is the exit status, and `error` what the monitor could not start for,
    or what failed on the screen.

    monitor     : what is watched
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
        monitor: MonitorLike,
        *,
        fps: float = 10.0,
        keymap: Mapping[str, str] | None = None,
        screenshots: Path = Path(),
        what: str = "the day",
        cpu_s: Callable[[], float] = time.thread_time,
        settle: Callable[[], None] = process.settle,
        alerts: Callable[[Write], Alerter] = bell_alone,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.alerter = alerts(self._write_through)
        self.error: BaseException | None = None
        self._keymap_given = dict(keymap or {})
        self.table = keys.with_keymap(self._keymap_given)
        self._keys = keys.by_id(self.table)
        self._main = MainScreen(monitor, self.table, what, Prefs(fps=fps))
        self._homes = ActionHomes(
            self._main,
            alert=AlertActions(self._main, self.alerter),
            app=AppActions(self, self._main, self.table, screenshots),
        )
        self._cpu_s = cpu_s
        self._settle = settle
        self._rate = FrameRate.of(fps)
        self._gate = ViewGate()
        self._clock: Timer | None = None
        self._held: contextlib.ExitStack | None = None
        self._spent_s = 0.0
        self._tick = 0
        self._failure = ""

    # life ------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """Begin with the main screen."""
        return self._main

    def on_mount(self) -> None:
        """Prepare what the first paint needs, and ask to be called after it."""
        theme.register(self)
        self.theme = theme.DEFAULT_THEME
        self.set_keymap(self._keymap_given)
        self._handle_signals()
        self.call_after_refresh(self._painted_first)

    async def on_unmount(self) -> None:
        """Let the monitor flush and close."""
        await self.monitor.stop()

    def _painted_first(self) -> None:
        self._settle()
        in_background(self, self._open, "monitor")
        self._spent_s = self._cpu_s()
        self._start_clock()

    async def _open(self) -> None:
        try:
            await self.monitor.start()
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

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name, status in _SIGNALS.items():
            # Windows has not all of them and no such handlers; only the main thread may set them.
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), partial(self.exit, return_code=status))

    # frames ----------------------------------------------------------------------------------------------

    def _start_clock(self) -> None:
        if self._clock:
            self._clock.stop()
        self._clock = self.set_interval(1 / self._rate.fps, self.frame, name="frames")

    def frame(self) -> None:
        """Paint the newest view if it is news; called by the frame clock."""
        if not self._main.is_attached:
            return  # the last tick of an app that is closing
        self._tick += 1
        self._check_terminal()
        self._keep_rate()
        self._show_failure(self.monitor.failure)
        if (
            self.monitor.refusal is not None
        ):  # nothing is left to watch: the command line says it, with its code
            self.error = self.monitor.refusal
            self.exit(return_code=self.monitor.refusal.exit_code)
        for sentence in self.alerter.tick():
            self.notify(sentence, severity="warning", timeout=8)
        view = self.monitor.view
        if view is None:
            self._main.wait(self._tick, self.monitor.failure)
        elif self._gate.admits(view):
            self._paint(view)
        self._main.ask(self._tick)
        for screen in self.screen_stack:
            if isinstance(screen, PanelSheet):
                screen.ask(self._tick)

    def _paint(self, view: View) -> None:
        first = self._main.view is None
        self._main.show(view)
        if first:
            self.call_after_refresh(self._settle)

    def _check_terminal(self) -> None:
        """Leave with the terminal; while nobody reads it write nothing, and paint all of it afterwards."""
        if self.is_headless:
            return
        found = terminal_state(sys.__stderr__)  # what Textual writes to
        if found is TerminalState.GONE:
            self.exit(return_code=HUNG_UP)
        elif found is TerminalState.UNREAD and self._held is None:
            self._held = contextlib.ExitStack()
            self._held.enter_context(self.batch_update())
        elif found is TerminalState.READY and self._held is not None:
            self._held.close()
            self._held = None
            self.screen.refresh()

    def _keep_rate(self) -> None:
        spent_s = self._cpu_s()
        rate, self._spent_s = self._rate.after(spent_s - self._spent_s), spent_s
        changed = rate.fps != self._rate.fps
        self._rate = rate
        if changed:
            self._start_clock()
            self._main.set_prefs(replace(self._main.prefs, fps=rate.fps))
            why = "painting is quick again" if rate.fps == rate.wanted else "painting took too long"
            self.notify(f"{rate.fps:g} frames per second now, because {why}.", timeout=4)

    def _show_failure(self, failure: str | None) -> None:
        if (failure or "") != self._failure:
            self._failure = failure or ""
            self._main.fail(self._failure)

    def _write_through(self, text: str) -> None:
        """Write to the terminal between two frames; its driver keeps them whole."""
        if self._driver is not None and not self.is_headless and self._held is None:
            self._driver.write(text)

    # actions ---------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Close most keys before there is a view."""
        if action != "act":
            return super().check_action(action, parameters)
        return self._main.state.latest is not None or self._keys[str(parameters[0])].early

    def action_act(self, own_id: str) -> None:
        """Carry out what a key does, by its id."""
        key = self._keys[own_id]
        self._homes.run(key.action or key.id)

    def sender(self, command: Command) -> IgnoreReturnCallbackType:
        """Return a function that sends the command."""
        return lambda: self.monitor.send(command)

    def runner(self, key: Key) -> IgnoreReturnCallbackType:
        """Return a function that carries out what a key does."""

        async def run() -> None:
            await self.run_action(key.binding().action)

        return run
