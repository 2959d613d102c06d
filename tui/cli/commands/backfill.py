"""`spymon backfill`: past days over REST into days on disk, with a bar while it works.

Owns the order of days, what is said of each, and how to go on after an interruption.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from engine.feeds.backfill.assembly import assemble, check_fetchable
from engine.feeds.backfill.day_fetch import BackfillRequest, DayFetch, FetchProgress
from engine.model.errors import CredentialError, NoDataError, ProviderError, SpymonError, StoreError
from engine.model.underlyings import Underlying, parse_custom, underlying
from engine.store.cache.historical import Historical
from engine.store.days.store import DayStore
from engine.store.importer.importer import ImportReport
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.providers import access, backfill_provider, has_keys, key_names
from ..output import Progress, progress_bar, say
from .date_ranges import asked_days
from .imports import day_line, explain, folded, heeding

_NAMED = 20
"""Files that failed and are named; the others are counted."""

_TOLD = ("flag --symbol", "argument")
"""Origins of a watch list that was typed."""

_FETCHING_SHARE = 0.8
_TENTHS = 10


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Fetch and make every day; 1 when any file or day failed."""
    provider = backfill_provider(settings)
    if not has_keys(provider, settings):
        raise CredentialError(
            f"There is no key for {provider.label}; set {key_names(provider)} in the environment or in .env."
        )
    symbols = settings.symbol if "symbol" in args else settings.symbol[:1]
    strikes = None if "all" in args else settings.strikes
    wanted = _all_wanted(asked_days(args.dates), symbols, settings, strikes)
    again = _again(args, args.dates, settings)
    return 0 if _fetch_all(wanted, settings, again, interrupts, sys.stdout.write) else 1


def fetch_for_replay(
    day: date,
    symbols: tuple[str, ...],
    args: argparse.Namespace,
    settings: Settings,
    interrupts: InterruptHandler,
) -> None:
    """Fetch and make a day that is to be read; what is raised says why it cannot be."""
    again = _again(args, [str(day)], replace(settings, symbol=symbols))
    what = f"{', '.join(symbols)} on {day}"
    provider = backfill_provider(settings)
    if not has_keys(provider, settings):
        say(f"{what} is made of what was fetched earlier; without a key nothing more can be.")
    else:
        say(f"{what} is not on disk and is fetched from {provider.label}; {again} would do the same.")
    _fetch_all(_all_wanted([day], symbols, settings, settings.strikes), settings, again, interrupts, _aside)


def _aside(line: str) -> None:
    # What the command is for goes to stdout, and may be JSON.
    say(line.rstrip())


def _all_wanted(
    days: list[date], symbols: tuple[str, ...], settings: Settings, strikes: int | None
) -> list[BackfillRequest]:
    customs = _customs(settings)
    return [
        BackfillRequest(underlying(symbol, customs), day, settings.expiry, strikes)
        for day in days
        for symbol in symbols
    ]


def _customs(settings: Settings) -> dict[str, Underlying]:
    return {custom.symbol: custom for custom in map(parse_custom, settings.custom)}


def _again(args: argparse.Namespace, dates: list[str], settings: Settings) -> str:
    """Return the command that goes on from here, with what this one was told by flag or argument."""
    words = ["spymon", "backfill", *dates]
    words += ["--symbol", ",".join(settings.symbol)] if settings.origin("symbol") in _TOLD else []
    for name in ("expiry", "strikes", "data_dir"):
        flag = f"--{name.replace('_', '-')}"
        words += [flag, str(getattr(settings, name))] if settings.origin(name) == f"flag {flag}" else []
    words += ["--config", str(args.config)] if "config" in args else []
    words += ["--all"] if "all" in args else []
    words += [word for spec in getattr(args, "custom", ()) for word in ("--custom", spec)]
    return shlex.join(words)


@dataclass(frozen=True, slots=True)
class _DayResult:
    """What became of one symbol's day; `report` is None when the day was there already."""

    fetched: DayFetch
    report: ImportReport | None
    hashes: tuple[str, ...]


def _fetch_all(
    wanted: list[BackfillRequest],
    settings: Settings,
    again: str,
    interrupts: InterruptHandler,
    told: Callable[[str], object],
) -> bool:
    """Fetch and make each; tell what came of it, a line a day, and return whether all of it did."""
    run = _Backfills(settings, interrupts, told)
    with _to_be_continued(again, interrupts):
        fine = [run.make(each, i / len(wanted), 1 / len(wanted)) for i, each in enumerate(wanted)]
    if not any(fine) and len(run.errors) == 1:
        raise run.errors[0]
    if run.errors or run.failures:
        _say_failures(run, again)
    return all(fine)


@contextmanager
def _to_be_continued(again: str, interrupts: InterruptHandler) -> Iterator[None]:
    """Within the block, an interruption says how to go on."""

    def words() -> None:
        say(f"What was fetched stays; go on with: {again}")

    with interrupts.saying(words):
        try:
            yield
        except KeyboardInterrupt:
            words()
            raise


class _Backfills:
    """All days of one command."""

    def __init__(
        self, settings: Settings, interrupts: InterruptHandler, told: Callable[[str], object]
    ) -> None:
        self.errors: list[SpymonError] = []
        self.failures: list[tuple[str, str]] = []
        self._settings, self._interrupts, self._told = settings, interrupts, told
        self._store, provider = DayStore(settings.data_dir), backfill_provider(settings)
        assert provider.backfill is not None, "it is one that has past days"
        self._has_keys = has_keys(provider, settings)
        cache = Historical(settings.data_dir)
        self._backfiller = provider.backfill(access(settings), cache, time.time_ns, say)

    def make(self, wanted: BackfillRequest, share: float, width: float) -> bool:
        """Fetch and make one day, `width` of all work; say whether there is nothing left to do."""
        name = f"{wanted.underlying.symbol} on {wanted.day}"
        try:
            check_fetchable(wanted.day, wanted.underlying.symbol, self._store, time.time_ns())
            with progress_bar(f"fetching {name}", self._interrupts) as bar:
                told = _ProgressLine(name, bar, share, width)
                made = self._made(wanted, told)
        except (NoDataError, ProviderError, StoreError) as error:
            self.errors.append(error)
            return False
        self._say(name, made)
        self.failures += [(f"{file} on {wanted.day}", why) for file, why in made.fetched.failures]
        return not made.fetched.failures

    def _made(self, wanted: BackfillRequest, told: _ProgressLine) -> _DayResult:
        fetched = (
            asyncio.run(self._backfiller.fetch(wanted, told.fetching))
            if self._has_keys
            else self._backfiller.held(wanted)
        )
        with self._interrupts.unwound() as check:
            report = assemble(fetched, self._store, _customs(self._settings), heeding(told.assembling, check))
        days = report.days if report else ()
        hashes = tuple(folded(self._store, each.meta, told.folding, self._interrupts) for each in days)
        return _DayResult(fetched, report, hashes)

    def _say(self, name: str, made: _DayResult) -> None:
        if made.report is None:
            self._told(f"{name} is complete already; nothing was left to fetch\n")
            return
        for day, state_hash in zip(made.report.days, made.hashes, strict=True):
            self._told(day_line(day, state_hash))
        for note in made.fetched.notes:
            say(note)
        explain(made.report)


class _ProgressLine:
    """Turns what a run tells into a bar, or into ten lines where there is none."""

    def __init__(self, name: str, bar: Progress, share: float, width: float) -> None:
        self._name, self._bar, self._share, self._width = name, bar, share, width
        self._began_s = time.monotonic()
        self._lines = not sys.stderr.isatty()
        self._tenth = 0

    def fetching(self, run: FetchProgress) -> None:
        """Hear of a page."""
        seconds = max(time.monotonic() - self._began_s, 1e-3)
        done = run.done / run.tickers if run.tickers else 0.0
        text = (
            f"{self._name}: {run.done:,} of {run.tickers:,} files, "
            f"{run.rows / seconds:,.0f} rows/s, {run.rows:,} rows"
        )
        self._bar(text, self._share + self._width * _FETCHING_SHARE * done)
        tenth = int(done * _TENTHS)
        if self._lines and tenth > self._tenth:
            self._tenth = tenth
            left_s = seconds / done * (1 - done)
            say(f"{text}, {left_s:.0f} s left")

    def assembling(self, what: str, share: float) -> None:
        """Hear of the importer."""
        done = _FETCHING_SHARE + (1 - _FETCHING_SHARE) / 2 * share
        self._bar(f"{self._name}: {what}", self._share + self._width * done)

    def folding(self, what: str, share: float) -> None:
        """Hear of the fold."""
        done = (1 + _FETCHING_SHARE) / 2 + (1 - _FETCHING_SHARE) / 2 * share
        self._bar(f"{self._name}: {what}", self._share + self._width * done)


def _say_failures(run: _Backfills, again: str) -> None:
    for error in run.errors:
        say(str(error))
    for name, why in run.failures[:_NAMED]:
        say(f"{name} failed: {why}")
    more = len(run.failures) - _NAMED
    if more > 0:
        say(f"{more:,} more files failed.")
    say(f"What was fetched stays; go on with: {again}")
