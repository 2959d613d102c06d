"""The concrete sources of one run, and the monitor on them.

Owns which source is first and what it is called, and what follows a live day. Imported only when tapes are
about to be read: it loads the fold, the simulator and the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from engine.analytics.terms import Terms
from engine.feeds.provider import DaySource
from engine.feeds.recorder.seek import find_recorder
from engine.feeds.recorder.socket_file import SocketFile
from engine.feeds.recorder.source import AttachedSource
from engine.feeds.simulated import PROFILES, SimulatedSource
from engine.fold.params import FoldParams
from engine.fold.rules.catalogue import RULE_NAMES
from engine.model.calendar import ET
from engine.model.errors import NoDataError, StoreError
from engine.model.events import NS
from engine.session.monitor import Monitor
from engine.session.symbol_day import PlayerParams
from engine.session.user_rules import PREFIX
from engine.store.days.any_day import open_stored, stored_symbols
from engine.store.days.spool import FileSpool
from engine.store.days.store import DayStore
from engine.store.journal.folders import RecordingFolder as Recording
from engine.store.journal.folders import is_recording
from engine.tape.source import Source
from engine.tape.tape import Tape
from tui.alerts.alerter import Alerter
from tui.settings.config import Settings
from tui.settings.thresholds import in_force

from ..alerts.from_settings import unknown_rules
from .attaching import ATTACHED, attached_plan
from .compact_beside import compact_apart
from .daily_monitor import DailyMonitor, LiveDay
from .lazy_monitor import MonitorLike
from .plan import SIMULATED_DAY, STORED, RunFlags, RunPlan, days_on_disk, make_plan
from .providers import LIVE, SIMULATED, live_keys, make_source, recording, source_request
from .user_rules import installed, load_rules

GO_LIVE = (
    f"Simulated day. See the market live: put {live_keys()} in .env. Play a past day: spymon import PATH."
)

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source as the monitor wants one: what it is called, which symbols it has, how one is opened."""

    name: str
    label: str
    symbols: tuple[str, ...]
    opener: Callable[[str], Tape]

    def open(self, symbol: str) -> Tape:
        """Return the symbol's tape; NoDataError or StoreError when there is none."""
        return self.opener(symbol)


def make_sources(
    plan: RunPlan,
    settings: Settings,
    tell: Tell = lambda sentence: None,
    now: Callable[[], int] = time.time_ns,
) -> tuple[Source, ...]:
    """Return what the run plays, then what the screen can switch to.

    tell : hears what of a recording cannot be read when it is opened; a screen has that in its notes
    now  : ns UTC
    """
    store = DayStore(settings.data_dir)
    days = tuple(
        stored(store, day, _in_order(plan.symbols, stored_symbols(store, day))) for day in plan.others
    )
    others = tuple(day for day in days if day.symbols)
    beside = partial(simulated, SIMULATED_DAY, settings.seed, settings.symbol)
    if plan.source == ATTACHED:
        return attached(settings, now), beside(notes=()), *others
    if plan.source == STORED:
        readable, damaged = judged(plan, settings)
        # The damaged ones come last: whoever watches is told why each of them cannot be shown.
        first = stored(store, plan.day, (*readable, *damaged), tell)
        return first, beside(), *others
    if plan.source in LIVE:
        request = source_request(settings, plan.source, recording(settings.data_dir, now), now)
        return make_source(request), beside(notes=()), *others
    return simulated(plan.day, settings.seed, plan.symbols), *others


def judged(plan: RunPlan, settings: Settings) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the symbols to play, and a sentence for each that nobody asked for and that is damaged."""
    if plan.source != STORED or settings.origin("symbol") != "default":
        return plan.symbols, {}
    store, damaged = DayStore(settings.data_dir), dict[str, str]()
    for symbol in plan.symbols:
        if not store.has(plan.day, symbol):  # a recording, which is judged when it is opened
            continue
        try:
            store.meta(plan.day, symbol)
        except StoreError as error:
            damaged[symbol] = str(error)
    readable = tuple(symbol for symbol in plan.symbols if symbol not in damaged)
    return (readable, damaged) if readable else (plan.symbols, {})


def simulated(
    day: date, seed: int, wanted: tuple[str, ...], notes: tuple[str, ...] = (GO_LIVE,)
) -> NamedSource:
    """Return the simulated market of a day, with those of the wanted symbols that it has, else all.

    notes : what its screen says first
    """
    source = SimulatedSource(day, seed=seed)
    symbols = tuple(symbol for symbol in wanted if symbol in PROFILES) or tuple(PROFILES)
    return NamedSource(SIMULATED, f"simulated day {day}", symbols, partial(_open_simulated, source, notes))


def attached(settings: Settings, now: Callable[[], int] = time.time_ns) -> AttachedSource:
    """Return what the recorder of the data folder records, the wanted symbols first."""
    hello = find_recorder(settings.data_dir)
    if hello is None:
        raise NoDataError(f"The recorder of {settings.data_dir} has just ended; start spymon again.")
    if settings.origin("symbol") == "default":
        symbols = _in_order(settings.symbol, hello.symbols)
    else:
        symbols = settings.symbol
    place = SocketFile(settings.data_dir)
    return AttachedSource(place, hello, symbols, lambda: FileSpool(place.folder), now)


def _open_simulated(source: SimulatedSource, notes: tuple[str, ...], symbol: str) -> Tape:
    tape = source.open(symbol)
    tape.info = replace(tape.info, notes=(*notes, *tape.info.notes))
    return tape


def _in_order(wanted: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols that are there, the wanted ones first, so that number keys mean the same."""
    return tuple(dict.fromkeys((*(symbol for symbol in wanted if symbol in there), *there)))


def stored(
    store: DayStore, day: date, symbols: tuple[str, ...], tell: Tell = lambda sentence: None
) -> NamedSource:
    """Return a day on disk as a source."""
    opener = partial(open_stored, store, day, tell=tell)
    return NamedSource(f"{STORED} {day}", f"{day} on disk", symbols, opener)


def fold_params(settings: Settings) -> FoldParams:
    """Return how tapes are folded."""
    signals = in_force(settings.preset, settings.thresholds)
    return FoldParams(signals=signals, rate=settings.rate, dividend=settings.dividend)


def terms_of(settings: Settings) -> Terms:
    """Return what chains are valued on; a dividend nobody has set is left to put-call parity."""
    told = settings.origin("dividend") != "default"
    return Terms(rate=settings.rate, dividend=settings.dividend if told else None)


def player_params(plan: RunPlan, settings: Settings) -> PlayerParams:
    """Return how tapes are folded and shown, and which of the user's own rules look on."""
    found = load_rules(installed(), settings.rules_disabled)
    known = (*RULE_NAMES, *(PREFIX + kind.name for kind in found.kinds))
    return PlayerParams(
        fold=fold_params(settings),
        dividend=terms_of(settings).dividend,
        expiry=settings.expiry,
        strikes=settings.strikes,
        start_ns=plan.start_ns,
        end_ns=plan.end_ns,
        frame_ns=NS // settings.fps,
        rules=found.kinds,
        notes=(*found.sentences, *unknown_rules(settings, known)),
    )


def make_monitor(sources: Sequence[Source], plan: RunPlan, settings: Settings, alerter: Alerter) -> Monitor:
    """Return the monitor of a run, not yet started; the alerter hears its signals."""
    monitor = Monitor(sources, player_params(plan, settings), speed=plan.speed, fps=settings.fps)
    monitor.on_signal(alerter.hear)
    return monitor


def screen_monitor(
    plan: RunPlan, settings: Settings, alerter: Alerter, say: Callable[[str], None]
) -> MonitorLike:
    """Return what a screen looks at, not yet started; a live day is followed by the next.

    say : tells the person something once
    """
    if plan.source not in (ATTACHED, *LIVE):
        return make_monitor(make_sources(plan, settings), plan, settings, alerter)

    def make() -> LiveDay:
        return live_day(live_plan(settings, time.time_ns()), settings, alerter)

    return DailyMonitor(
        live_day(plan, settings, alerter), make, partial(compact_apart, settings.data_dir, say)
    )


def live_plan(settings: Settings, now_ns: int) -> RunPlan:
    """Return the plan of what is live now, as at a start; NoDataError without a recorder and a key."""
    disk, today = days_on_disk(settings.data_dir), datetime.fromtimestamp(now_ns // NS, ET).date()
    plan = attached_plan(RunFlags(), settings, disk, today) or make_plan(RunFlags(), settings, disk, today)
    if plan.source == SIMULATED:
        raise NoDataError(f"No recorder runs on {settings.data_dir}, and there is no key of a provider.")
    return plan


def live_day(
    plan: RunPlan, settings: Settings, alerter: Alerter, now: Callable[[], int] = time.time_ns
) -> LiveDay:
    """Return the live day of a plan, with its monitor; `now` in ns UTC."""
    feed, *others = make_sources(plan, settings, now=now)
    assert isinstance(feed, DaySource), "the plan is of a live day"
    monitor = make_monitor((feed, *others), plan, settings, alerter)
    writes = None if plan.source == ATTACHED else partial(_writes, settings.data_dir, feed)
    return LiveDay(monitor, feed.day, feed.name, feed.symbols, writes)


def _writes(root: Path, feed: DaySource) -> bool:
    day = feed.day
    return day is not None and any(is_recording(Recording(root, day, symbol)) for symbol in feed.symbols)
