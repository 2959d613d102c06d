"""A tape folded up to one moment, for commands that want a chain and no screen."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime

from engine.analytics.exposure_choice import ExposureChoice
from engine.analytics.key_levels import Levels
from engine.analytics.option_chain import Chosen
from engine.feeds.registry import provider_of
from engine.fold.params import FoldParams
from engine.model.calendar import ET, parse_time
from engine.model.errors import NoDataError, UsageError
from engine.model.events import NS
from engine.model.underlyings import PRESETS, parse_custom, underlying, underlying_of_root
from engine.session.player import span_text
from engine.store.chains import ChainFile, read_chain_text
from engine.store.journal.folders import RecordingFolder, is_recording
from engine.tape.tape import Tape
from engine.tape.timeline import Timeline, TimelineParams
from engine.views.levels import levels_of
from tui.settings.config import Settings

from ...run.fetch_missing_day import disk_with
from ...run.interrupts import InterruptHandler
from ...run.plan import Disk, RunFlags, RunPlan, days_on_disk, make_plan, without_empty
from ...run.providers import LIVE, SIMULATED, access, chosen_source
from ...run.sources import make_sources, terms_of
from ..output import Progress, say

_NO_CHECKPOINTS = TimelineParams(spacing_ns=2**62)
_BATCH = 1 << 17


def plan_for(
    symbols: tuple[str, ...] | None,
    args: argparse.Namespace,
    settings: Settings,
    interrupts: InterruptHandler,
    day: date | None = None,
) -> RunPlan:
    """Return which day is meant and where it comes from; `symbols` None is the watch list.

    day : one that is on disk, in place of what was asked for

    Raises NoDataError for a symbol that has no tape anywhere, and for a live day that is not recorded.
    """
    disk, today = days_on_disk(settings.data_dir), datetime.now(ET).date()
    if symbols is not None:
        for symbol in symbols:
            _check_symbol(symbol, settings, {each for on_disk in disk.values() for each in on_disk})
        settings = replace(settings, symbol=symbols, origins={**settings.origins, "symbol": "argument"})
    replay = getattr(args, "replay", None) if day is None else str(day)
    if replay is None and chosen_source(settings) in LIVE:
        replay = _recorded_today(disk, today)
    disk = disk_with(replay, args, settings, interrupts)
    return make_plan(RunFlags(replay=replay, lines="text"), settings, disk, today)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the answer about a symbol comes from.

    plan : of the day to fold; None when the provider is asked for the chain as it stands now
    said : which it is, in words, where nobody chose; '' else
    """

    plan: RunPlan | None
    said: str


def choice_for(
    symbol: str, args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler, now: bool
) -> Choice:
    """Choose where a symbol's chain is from.

    What was asked for; else a recorder of the data folder, the configured provider, the newest day on disk,
    the simulated one.

    now : whether the present moment alone is wanted, for which a provider can be asked
    """
    asked = "replay" in args or "seed" in args or settings.origin("source") != "default"
    if asked:
        live = "replay" not in args and settings.source in LIVE and now and _can_tell(settings)
        return Choice(None if live else plan_for((symbol,), args, settings, interrupts), "")
    disk = days_on_disk(settings.data_dir)
    held = [day for day in sorted(disk, reverse=True) if symbol in _filled(disk, day, settings)]
    recorded = [day for day in held if is_recording(RecordingFolder(settings.data_dir, day, symbol))]
    if recorded:
        plan = plan_for((symbol,), args, settings, interrupts, recorded[0])
        return Choice(plan, f"as the recorder of {settings.data_dir} has it")
    if now and chosen_source(settings) in LIVE and _can_tell(settings):
        return Choice(None, f"as {provider_of(chosen_source(settings)).label} has it now")
    if held:
        plan = plan_for((symbol,), args, settings, interrupts, held[0])
        return Choice(plan, f"of the newest day on disk, {held[0]}")
    plan = plan_for((symbol,), args, settings, interrupts)
    return Choice(plan, f"of the simulated day {plan.day}" if plan.source == SIMULATED else f"of {plan.day}")


def _can_tell(settings: Settings) -> bool:
    """Whether the configured provider can be asked for a chain; CredentialError without its keys."""
    return provider_of(chosen_source(settings)).chain is not None


def _filled(disk: Disk, day: date, settings: Settings) -> tuple[str, ...]:
    return without_empty(disk, day, settings.data_dir).get(day, ())


def chain_now(symbol: str, settings: Settings, now_ns: int) -> ChainFile:
    """Ask the configured provider for a symbol's chain as it stands."""
    provider = provider_of(chosen_source(settings))
    assert provider.chain is not None, "choice_for asks for no other"
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    asked = underlying(symbol, customs).symbol
    today = datetime.fromtimestamp(now_ns / NS, ET).date()
    text = asyncio.run(provider.chain(access(settings), asked, today))
    if not text.strip():
        raise NoDataError(f"{provider.label} has no options of {asked}.")
    found = read_chain_text(text, provider.label, customs, asked)
    if found.spot is None:
        raise NoDataError(f"{provider.label} does not say the spot of {asked}; try again, or take a day.")
    return found


def age_text(at_ns: int, now_ns: int) -> str:
    """Write how old a moment is: `12 s`, `1 h 4 min`, `12 days`."""
    age_ns = max(now_ns - at_ns, 0)
    days = age_ns // (24 * 3600 * NS)
    return f"{days} days old" if days > 1 else f"{span_text(age_ns)} old"


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
