"""The screen of one run: the app on a monitor that is made after the first paint.

Importing this module imports Textual, and nothing that compiles or reads a tape.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from engine.jit.folder import code_root
from tui.settings.config import Settings

from ..alerts.from_settings import make_alerter
from ..cli.output import say
from . import process
from .plan import RunPlan

process.prepare(os.environ)  # before textual is imported, which reads its frame cap once

from ..screen.app import SpymonApp  # noqa: E402
from .lazy_monitor import LazyMonitor, MonitorLike  # noqa: E402

SAID_S = 15.0
"""How long the screen shows what came of a recording."""


def run_screen(plan: RunPlan, settings: Settings) -> int:
    """Open the screen and return the exit code; raises what the monitor could not start for."""

    def make() -> MonitorLike:
        from .sources import screen_monitor  # compiles and reads: not before the first paint

        return screen_monitor(plan, settings, app.alerter, partial(app.notify, timeout=SAID_S, markup=False))

    app = SpymonApp(
        LazyMonitor(make),
        fps=settings.fps,
        screenshots=settings.data_dir / "screens",
        what=f"{plan.symbols[0]} {plan.day}",
        alerts=partial(make_alerter, settings),
    )
    code_root()  # what it has to say is said now: Textual keeps to itself what is written while it runs
    with _stderr_on_terminal():
        app.run()
    for sentence in app.alerter.close():
        say(sentence)
    if app.error is not None:
        raise app.error
    return app.return_code or 0


@contextmanager
def _stderr_on_terminal() -> Iterator[None]:
    """Lend stderr the terminal: Textual paints there, even when the person sent it to a file."""
    if sys.stderr.isatty():
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(1, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
