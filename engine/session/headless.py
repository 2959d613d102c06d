"""A run without a screen: everything it has to say, in tape order, as values.

Several symbols are folded side by side, a few seconds of tape at a time. Time is handed in: at the
unlimited speed nothing ever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from ..fold.outcomes import HORIZONS_S
from ..fold.rules.catalogue import RULE_NAMES
from ..model.events import NS
from ..tape.link import Badge
from ..tape.replay_clock import TapeClock
from ..views.projection import PlaybackState
from ..views.view import FiredSignal, Outcome, SignalRow, View
from .symbol_day import PlayerParams, Source, SymbolDay, open_slot

STATUS_NS = 5 * NS
VIEW_NS = 300 * NS


@dataclass(frozen=True, slots=True)
class Status:
    """How the run stands; `events_per_s` is the pace since the last status, in wall time."""

    ts_ns: int
    symbol: str
    badge: Badge
    source: str
    events: int
    events_per_s: float
    dropped: int
    gaps: int
    connection: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What one symbol came to; `signals` by kind, wall_s and events_per_s of the fold alone."""

    symbol: str
    source: str
    events: int
    trades: int
    quotes: int
    signals: dict[str, int]
    state_hash: str
    wall_s: float
    events_per_s: float
    first_ts: int
    last_ts: int


@dataclass(frozen=True, slots=True)
class HorizonOutcome:
    """What came of a signal after one horizon; `ts_ns` is its end, when it is known."""

    ts_ns: int
    symbol: str
    row: SignalRow
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person, not for the pipe: a user's rule was switched off."""

    ts_ns: int
    symbol: str
    sentence: str


Line = FiredSignal | HorizonOutcome | Status | View | Summary
Item = Line | Notice


class SymbolRun:
    """One symbol of the run."""

    def __init__(self, source: Source, symbol: str, params: PlayerParams, wall: Callable[[], int]) -> None:
        self.slot: SymbolDay = open_slot(source.open(symbol), params)
        self._symbol = symbol
        self._wall = wall
        self._spent_ns = 0
        self._said = (wall(), 0)
        self._version = 0
        self._over = [0] * len(HORIZONS_S)
        self._noticed = 0

    @property
    def end_ns(self) -> int:
        return self.slot.timeline.end_ns

    @property
    def start_ns(self) -> int:
        return self.slot.timeline.start_ns

    def advance(self, to_ns: int) -> tuple[FiredSignal, ...]:
        """Fold up to `to_ns` and return what fired."""
        timeline = self.slot.timeline
        before, began = timeline.signal_count, self._wall()
        for _ in self.slot.advance(to_ns):
            pass
        self._spent_ns += self._wall() - began
        return self.slot.fired_after(before)

    def follow(self, limit: int) -> tuple[FiredSignal, ...]:
        """Fold what has come in on a live tape, about `limit` events of it, and return what fired."""
        began = self._wall()
        fired = self.slot.follow(limit)[1] if self.slot.live else ()
        self._spent_ns += self._wall() - began
        if self.slot.only_known:  # what came of signals that are no news is none either
            self._over = [self.slot.timeline.signal_count] * len(HORIZONS_S)
        return fired

    def followed(self) -> Iterator[HorizonOutcome]:
        """Yield the outcomes that have become known since the last call, by horizon."""
        rows, outcomes = self.slot.projector.signals(), self.slot.projector.outcomes()
        for h, over in enumerate(self._over):
            while over < len(rows) and len(known := outcomes.of(over)) > h:
                end_ns = rows[over].ts_ns + HORIZONS_S[h] * NS
                yield HorizonOutcome(end_ns, self._symbol, rows[over], known[h])
                over += 1
            self._over[h] = over

    def status(self) -> Status:
        """Return how it stands at the playhead."""
        info, link, now = self.slot.timeline.tape.info, self.slot.link, self._wall()
        counts = self.slot.projector.counts(link)
        since, events = self._said
        self._said = (now, counts.events)
        return Status(
            ts_ns=self.slot.timeline.now_ns,
            symbol=self._symbol,
            badge=self.slot.badge,
            source=info.source,
            events=counts.events,
            events_per_s=(counts.events - events) * NS / max(now - since, 1),
            dropped=counts.dropped,
            gaps=counts.gaps,
            connection=link.state if link else "none",
        )

    def view(self, symbols: tuple[str, ...], speed: float) -> View:
        """Return the view at the playhead."""
        info = self.slot.timeline.tape.info
        self._version += 1
        playing = PlaybackState(
            generation=0,
            version=self._version,
            source=info.source,
            symbols=symbols,
            badge=self.slot.badge,
            paused=False,
            speed=speed,
            events_per_s=self._pace(),
            notes=info.notes,
            live_ns=self.slot.live_ns,
            lag=self.slot.lag,
            link=self.slot.link,
        )
        return self.slot.view(playing)

    def notices(self) -> Iterator[Notice]:
        """Yield what the user's rules came to since the last call."""
        notes = self.slot.rules.notes if self.slot.rules else []
        yield from (Notice(self.slot.timeline.clock, self._symbol, note) for note in notes[self._noticed :])
        self._noticed = len(notes)

    def summary(self) -> Summary:
        """Return what it came to."""
        timeline = self.slot.timeline
        counts = self.slot.projector.counts()
        rules = [int(signal["rule"]) for signal in timeline.signals[: timeline.signal_count]]
        under = timeline.state.under[0]
        return Summary(
            symbol=self._symbol,
            source=timeline.tape.info.source,
            events=counts.events,
            trades=counts.trades,
            quotes=counts.quotes,
            signals={name: rules.count(rule) for rule, name in enumerate(RULE_NAMES)} | self._own(),
            state_hash=timeline.state.digest(),
            wall_s=self._spent_ns / NS,
            events_per_s=self._pace(),
            first_ts=int(under["begin_ts"]),
            last_ts=int(under["clock"]),
        )

    def _own(self) -> dict[str, int]:
        own = self.slot.rules
        return {name: own.log.count(name) for name in own.names} if own else {}

    def _pace(self) -> float:
        return self.slot.projector.counts().events * NS / max(self._spent_ns, 1)


def replay(
    source: Source,
    symbols: Sequence[str],
    params: PlayerParams,
    speed: float,
    wall: Callable[[], int],
    sleep: Callable[[float], None],
    views: bool,
) -> Iterator[Item]:
    """Yield every signal, a status per symbol each 5 s of tape, views, and a summary per symbol at last.

    wall  : a monotonic clock, ns; `sleep` waits so many seconds of it
    views : whether to yield a `View` per symbol each 5 minutes of tape and at the end
    """
    runs = [SymbolRun(source, symbol, params, wall) for symbol in symbols]
    shown = tuple(symbols)
    start = min(run.start_ns for run in runs)
    clock = TapeClock(start, wall(), speed, paused=False)
    end = max(run.end_ns for run in runs)
    for mark in _marks(start, end, speed):
        _wait(clock, mark, wall, sleep)
        live = [run for run in runs if run.slot.timeline.clock < run.end_ns]
        said: list[FiredSignal | HorizonOutcome] = [item for run in live for item in run.advance(mark)]
        said += [item for run in live for item in run.followed()]
        yield from sorted(said, key=moment)
        yield from (notice for run in live for notice in run.notices())
        if (mark - start) % STATUS_NS == 0:
            yield from (run.status() for run in live if mark <= run.end_ns)
        if views and (mark - start) % VIEW_NS == 0:
            yield from (run.view(shown, speed) for run in live if mark < run.end_ns)
    if views:
        yield from (run.view(shown, speed) for run in runs)
    yield from (run.summary() for run in runs)


def moment(item: FiredSignal | HorizonOutcome) -> int:
    """Return when it is to be said, ns of tape."""
    return item.row.ts_ns if isinstance(item, FiredSignal) else item.ts_ns


def _marks(start: int, end: int, speed: float) -> Iterator[int]:
    """Yield the moments to fold up to: every status, oftener where a signal would come late."""
    step = STATUS_NS
    while speed != inf and step > speed * NS / 4 and step % 2 == 0 and step > NS // 100:
        step //= 2
    yield from range(start + step, end, step)
    yield end


def _wait(clock: TapeClock, mark: int, wall: Callable[[], int], sleep: Callable[[float], None]) -> None:
    """Sleep until the clock reaches the mark; at the unlimited speed it always has."""
    left = mark - clock.now(wall())
    if left > 0:
        sleep(left / clock.speed / NS)
