"""A tape folded up to one moment, for commands that want a chain and no screen."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, datetime

from engine.analytics.exposure_choice import ExposureChoice
from engine.analytics.key_levels import Levels
from engine.analytics.option_chain import Chosen
from engine.fold.params import FoldParams
from engine.model.calendar import ET, parse_time
from engine.model.errors import NoDataError, UsageError
from engine.model.underlyings import PRESETS, parse_custom, underlying_of_root
from engine.tape.tape import Tape
from engine.tape.timeline import Timeline, TimelineParams
from engine.views.levels import levels_of
from tui.settings.config import Settings

from ...run.fetch_missing_day import disk_with
from ...run.interrupts import InterruptHandler
from ...run.plan import Disk, RunFlags, RunPlan, days_on_disk, make_plan
from ...run.providers import LIVE, chosen_source
from ...run.sources import make_sources, terms_of
from ..output import Progress, say

_NO_CHECKPOINTS = TimelineParams(spacing_ns=2**62)
_BATCH = 1 << 17


def plan_for(
    symbols: tuple[str, ...] | None,
    args: argparse.Namespace,
    settings: Settings,
    interrupts: InterruptHandler,
) -> RunPlan:
    """Return which day is meant and where it comes from; `symbols` None is the watch list.

    Raises NoDataError for a symbol that has no tape anywhere, and for a live day that is not recorded.
    """
    disk, today = days_on_disk(settings.data_dir), datetime.now(ET).date()
    if symbols is not None:
        for symbol in symbols:
            _check_symbol(symbol, settings, {each for on_disk in disk.values() for each in on_disk})
        settings = replace(settings, symbol=symbols, origins={**settings.origins, "symbol": "argument"})
    replay = getattr(args, "replay", None)
    if replay is None and chosen_source(settings) in LIVE:
        replay = _recorded_today(disk, today)
    disk = disk_with(replay, args, settings, interrupts)
    return make_plan(RunFlags(replay=replay, lines="text"), settings, disk, today)


def _recorded_today(disk: Disk, today: date) -> str:
    """Return today, which is read as far as it is recorded: to follow it is the business of a screen."""
    if today not in disk:
        raise NoDataError(
            f"Nothing of today, {today}, is recorded; "
            "name another day with --replay DATE, or add --source simulated."
        )
    return str(today)


def _check_symbol(symbol: str, settings: Settings, on_disk: set[str]) -> None:
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    known = symbol in PRESETS or symbol in customs or symbol in on_disk
    if not known and underlying_of_root(symbol, customs) is None:
        raise NoDataError(
            f"There is no tape of {symbol}: import a day of it, or give a chain file with --chain."
        )


class FoldedDay:
    """One symbol's day, folded as far as it was asked for."""

    def __init__(self, symbol: str, plan: RunPlan, settings: Settings) -> None:
        self.tape: Tape = make_sources(plan, settings, say)[0].open(symbol)
        self._settings = settings
        fold = FoldParams(rate=settings.rate, dividend=settings.dividend)
        self._timeline = Timeline(self.tape, fold, _NO_CHECKPOINTS)
        self.at_ns = self._timeline.start_ns
        self.open_ns, self.end_ns = self._timeline.start_ns, self._timeline.end_ns

    def moment(self, text: str) -> int:
        """Read a moment of the day; UsageError outside its hours."""
        day = self.tape.info.day
        at_ns = parse_moment(text, day)
        if at_ns < self.open_ns:
            raise UsageError(f"--at {text} is before the open of {day}.")
        if at_ns > self.tape.info.session.late_close_ns:
            raise UsageError(f"--at {text} is after the close of {day}.")
        return min(at_ns, self.end_ns)

    def fold_to(self, at_ns: int, progress: Progress) -> None:
        """Fold on; never back."""
        info = self.tape.info
        what, begin = f"folding {info.symbol} {info.day}", self.at_ns
        progress(what, 0.0)
        while self._timeline.at_ns < at_ns:
            for _ in self._timeline.advance(at_ns, _BATCH):
                progress(what, (self._timeline.at_ns - begin) / max(at_ns - begin, 1))
        self.at_ns = at_ns

    def levels(self, expiry: Chosen = "all", choice: ExposureChoice | None = None) -> Levels:
        """Return the levels at the moment folded to; NoDataError when there are none."""
        return levels_of(
            self._timeline.state, self.tape, terms_of(self._settings), self.at_ns, expiry, choice
        )


def parse_moment(text: str, day: date | None) -> int:
    """Read `2025-05-01T08:28[:SS]` in exchange time, or a time alone when the day is known, as ns UTC."""
    head, separator, clock = text.strip().replace(" ", "T").partition("T")
    try:
        on = date.fromisoformat(head) if separator else day
        if on is None or not 2000 <= on.year < 2100:
            raise ValueError(text)
        return parse_time(clock if separator else head, on)
    except (ValueError, UsageError):
        raise UsageError(
            f"--at {text} is not a moment; write it in exchange time like 2025-05-01T08:28."
        ) from None
