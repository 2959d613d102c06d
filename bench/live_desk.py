"""The desk of `bench.live_screen`: a monitor on Massive that notes when each view came and how old it was."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from tui.run.massive import make_massive, recording

from engine.session.monitor import Monitor
from engine.store.days.recording import DayRecording
from engine.tape.live_tape import TapeWriter
from engine.tape.tape import TapeInfo
from engine.views.view import View
from tui.alerts.alerter import Alerter
from tui.run.plan import RunPlan
from tui.run.sources import player_params
from tui.settings.config import Settings


class Watched(Monitor):
    """A monitor with a note of each view; `told` is for when it has stopped."""

    def __init__(self, *given: Any, now: Callable[[], int], intakes: list[DayRecording], **more: Any) -> None:
        super().__init__(*given, **more)
        self._now, self._intakes = now, intakes
        self._notes: list[tuple[int, int, float | None, float | None, int]] = []
        self._threads: dict[str, int] = {}

    async def start(self) -> None:
        """Start, and begin to note."""
        await super().start()
        self._noting = asyncio.create_task(self._note())

    async def _note(self) -> None:
        async for view in self.views():
            self._notes.append(self._noted(view))
            self._threads = {each.name: each.native_id or 0 for each in threading.enumerate()}

    def _noted(self, view: View) -> tuple[int, int, float | None, float | None, int]:
        lag, link = view.lag, view.link
        p50, p99 = (None, None) if lag is None else (lag.p50_ms, lag.p99_ms)
        return self._now(), view.tape_ns, p50, p99, link.dropped if link else 0

    def told(self) -> dict[str, Any]:
        """Return the notes, and of every tape what it holds once all of it is folded."""
        deck = self._player
        assert deck is not None, "nothing was started"
        while deck._days.live():  # the worker has ended, and this thread is the only one
            deck.tick(0)
        folds = {each.front.tape.info.symbol: each.front for each in deck._days._days.values()}
        tapes = {
            each.tape.info.symbol: {
                "rows": each.rows,
                "missed": each.missed,
                "given": each.tape.given,
                "folded": folds[each.tape.info.symbol].events,
                "hash": folds[each.tape.info.symbol].state.digest(),
                "signals": folds[each.tape.info.symbol].signal_count,
            }
            for each in self._intakes
        }
        return {"views": self._notes, "tapes": tapes, "threads": self._threads}


def make_desk(plan: RunPlan, settings: Settings, alerter: Alerter, now: Callable[[], int]) -> Watched:
    """Return the monitor that `tui.run.sources.make_monitor` would make, at another time."""
    intakes: list[DayRecording] = []
    begin = partial(recording(settings.data_dir), now=now)

    def begun(info: TapeInfo) -> TapeWriter:
        intakes.append(begin(info))
        return intakes[-1]

    feed = make_massive(settings, plan.source, begun, now)
    monitor = Watched(
        [feed], player_params(plan, settings), speed=plan.speed, fps=settings.fps, now=now, intakes=intakes
    )
    monitor.on_signal(alerter.hear)
    return monitor
