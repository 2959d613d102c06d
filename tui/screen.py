"""The screen of one run: the app on a desk that is made after the first paint.

Importing this module imports Textual, and nothing that compiles or reads a tape.
"""

from __future__ import annotations

import os

from engine.config import Settings

from . import process
from .plan import Plan

process.prepare(os.environ)  # before textual is imported, which reads its frame cap once

from .app import SpymonApp  # noqa: E402
from .desk import Desk, LazyDesk  # noqa: E402


def run_screen(plan: Plan, settings: Settings) -> int:
    """Open the screen and return the exit code; raises what the desk could not start for."""
    app = SpymonApp(
        LazyDesk(lambda: _make_desk(plan, settings)),
        fps=settings.fps,
        screenshots=settings.data_dir / "screens",
        what=f"{plan.symbols[0]} {plan.day}",
    )
    app.run()
    if app.error is not None:
        raise app.error
    return app.return_code or 0


def _make_desk(plan: Plan, settings: Settings) -> Desk:
    from .sources import make_monitor  # compiles and reads: not before the first paint

    return make_monitor(plan, settings)
