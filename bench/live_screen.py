"""`python -m bench.live_screen ASKED TOLD`: spymon on Massive at another time of day, with notes.

The parts are those of `tui.run.open_screen` and `tui.run.sources`; the clock is ours, because a session is
on only now and then. ASKED holds the settings and how far the clock is ahead; TOLD gets what the views said,
and afterwards what the tapes hold, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.run import process

process.prepare(os.environ)

from tui.run.lazy_monitor import LazyMonitor  # noqa: E402
from tui.screen.app import SpymonApp  # noqa: E402

from .sizes import DAY  # noqa: E402

if TYPE_CHECKING:  # imported in the desk's thread, after the first paint, as the product does
    from .live_desk import Watched

KEY_NAME = "MASSIVE_API_KEY"


def main(asked: Path, told: Path) -> int:
    """Run the screen until `q` is pressed, and write down what it saw."""
    from tui.alerts.from_settings import make_alerter
    from tui.run.plan import RunFlags, make_plan
    from tui.settings.config import load_settings

    wanted = json.loads(asked.read_text())
    settings = load_settings(wanted["settings"], {KEY_NAME: wanted["key"]}, Path(), asked.parent)
    plan = make_plan(RunFlags(), settings, {}, DAY)
    desks: list[Watched] = []

    def make() -> Watched:
        from .live_desk import make_desk

        desks.append(make_desk(plan, settings, app.alerter, _clock(wanted["ahead_ns"])))
        return desks[0]

    app = SpymonApp(
        LazyMonitor(make),
        fps=settings.fps,
        screenshots=settings.data_dir / "screens",
        what=f"{plan.symbols[0]} {plan.day}",
        alerts=partial(make_alerter, settings),
    )
    app.run()
    app.alerter.close()
    told.write_text(json.dumps(desks[0].told()))
    if app.error is not None:
        raise app.error
    return app.return_code or 0


def _clock(ahead_ns: int) -> Callable[[], int]:
    return lambda: time.time_ns() + ahead_ns


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
