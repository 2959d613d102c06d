"""A run without a screen: everything it has to say, in tape order, as values.

Several symbols are folded side by side, a few seconds of tape at a time. Time is handed in: at the
unlimited speed nothing ever waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from ..fold.outcomes import HORIZONS_S
from ..fold.rules.catalogue import RULE_NAMES
from ..model.events import NS
from ..tape.link import Badge
from ..tape.replay_clock import TapeClock
from ..tape.source import Source
from ..views.view import FiredSignal, Outcome, SignalEvent, SignalRow, View
from .symbol_day import PlayerParams, open_symbol_day

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
    """What one symbol came to from its open on, whatever was shown of it.

    signals    : by kind, of those that were told
    wall_s, events_per_s : of the fold alone
    shown_from : since when the run has told what fired, ns UTC
    """

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
    shown_from: int


@dataclass(frozen=True, slots=True)
class EventUpdate:
    """A signal that was not told by itself: it joined the event that `head` opened, which is now `event`.

    number : of the event, as in `FiredSignal`
    """

    ts_ns: int
    symbol: str
    row: SignalRow
    head: SignalRow
    number: int
    event: SignalEvent


@dataclass(frozen=True, slots=True)
class HorizonOutcome:
    """What came of a signal after one horizon; `ts_ns` is its end, when it is known.

    head : the signal that opened its event: itself, unless it joined one
    """

    ts_ns: int
    symbol: str
    row: SignalRow
    head: SignalRow
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person, not for the pipe: a user's rule was switched off."""

    ts_ns: int
    symbol: str
    sentence: str


Told = FiredSignal | EventUpdate | HorizonOutcome
Line = Told | Status | View | Summary
Item = Line | Notice


class SymbolRun:
    """One symbol of the run."""

    def __init__(self, source: Source, symbol: str, params: PlayerParams, wall: Callable[[], int]) -> None:
        self.symbol_day = open_symbol_day(source.open(symbol), params)
        self._symbol = symbol
        self._wall = wall
        self._spent_ns = 0
        self._at_last_status = (wall(), 0)
        self._version = 0
        self._outcomes_told = [0] * len(HORIZONS_S)
        self._updates_told = 0
        self._notes_told = 0
        self._shown_from = self.symbol_day.timeline.start_ns
        self._passed_over: Counter[str] = Counter()

    @property
    def end_ns(self) -> int:
        """The last moment of the tape that is at hand, ns UTC."""
        return self.symbol_day.timeline.end_ns

    @property
    def start_ns(self) -> int:
        """Where it begins, ns UTC."""
        return self.symbol_day.timeline.start_ns

    @property
    def at_ns(self) -> int:
        """The moment it is played up to, ns UTC."""
        return self.symbol_day.timeline.at_ns

    def advance(self, to_ns: int) -> tuple[FiredSignal, ...]:
        """Fold up to `to_ns` and return what fired."""
        before, began = self.symbol_day.timeline.signal_count, self._wall()
        for _ in self.symbol_day.advance(to_ns):
            pass
        self._spent_ns += self._wall() - began
        return self.symbol_day.fired_after(before)

    def pass_over(self, to_ns: int) -> None:
        """Fold up to `to_ns` and tell nothing of what came before."""
        self._shown_from = to_ns
        self._passed_over.update(signal.row.rule for signal in self.advance(to_ns - 1))
        for _ in self.new_outcomes():
            pass
        self.next_status()

    def fold_news(self, limit: int) -> tuple[FiredSignal, ...]:
        """Fold what has come in on a live tape, about `limit` events of it, and return what fired."""
        began = self._wall()
        fired = self.symbol_day.fold_news(limit)[1] if self.symbol_day.live else ()
        self._spent_ns += self._wall() - began
        if self.symbol_day.only_known:  # what came of signals that are no news is none either
            timeline = self.symbol_day.timeline
            self._outcomes_told = [timeline.firing_count] * len(HORIZONS_S)
            self._updates_told = timeline.firing_count - timeline.signal_count
        return fired

    def new_updates(self) -> Iterator[EventUpdate]:
        """Yield the signals that have joined an event since the last call."""
        projector, head_at = self.symbol_day.projector, self.symbol_day.timeline.log.head_at
        firings = projector.firing_rows()
        for each in projector.joinings(self._updates_told):
            row, head = firings[each.firing], firings[head_at[each.head]]
            self._updates_told += 1
            if projector.watches(head.contract):
                yield EventUpdate(row.ts_ns, self._symbol, row, head, each.head, each.event)

    def new_outcomes(self) -> Iterator[HorizonOutcome]:
        """Yield the outcomes that have become known since the last call, by horizon."""
        projector, timeline = self.symbol_day.projector, self.symbol_day.timeline
        rows, outcomes = projector.firing_rows(), projector.outcomes()
        count = timeline.firing_count
        for h, told in enumerate(self._outcomes_told):
            while told < count and len(known := outcomes.of_firing(told)) > h:
                row, parent = rows[told], int(timeline.firings[told]["parent"])
                head = row if parent < 0 else rows[timeline.log.head_at[parent]]
                if projector.watches(head.contract):
                    yield HorizonOutcome(row.ts_ns + HORIZONS_S[h] * NS, self._symbol, row, head, known[h])
                told += 1
            self._outcomes_told[h] = told

    def next_status(self) -> Status:
        """Return how it stands, with the pace since the last call."""
        info, link, now = self.symbol_day.timeline.tape.info, self.symbol_day.link, self._wall()
        counts = self.symbol_day.projector.counts(link)
        since, events = self._at_last_status
        self._at_last_status = (now, counts.events)
        return Status(
            ts_ns=self.symbol_day.timeline.state_ns,
            symbol=self._symbol,
            badge=self.symbol_day.badge,
            source=info.source,
            events=counts.events,
            events_per_s=(counts.events - events) * NS / max(now - since, 1),
            dropped=counts.dropped,
            gaps=counts.gaps,
            connection=link.state if link else "none",
        )

    def next_view(self, symbols: tuple[str, ...], speed: float) -> View:
        """Return the view at the playhead, of a version of its own."""
        self._version += 1
        playback = replace(
            self.symbol_day.playback(),
            version=self._version,
            symbols=symbols,
            speed=speed,
            events_per_s=self._events_per_s(),
        )
        return self.symbol_day.view(playback)

    def new_notices(self) -> Iterator[Notice]:
        """Yield what the user's rules came to since the last call."""
        notes = self.symbol_day.rules.notes if self.symbol_day.rules else []
        yield from (Notice(self.at_ns, self._symbol, note) for note in notes[self._notes_told :])
        self._notes_told = len(notes)

    def summary(self) -> Summary:
        """Return what it came to."""
        timeline = self.symbol_day.timeline
        counts = self.symbol_day.projector.counts()
        by_rule = Counter(row.rule for row in self.symbol_day.projector.signal_rows())
        own = self.symbol_day.rules
        fired = {name: by_rule[name] for name in RULE_NAMES}
        fired |= {name: own.log.count(name) for name in own.names} if own else {}
        under = timeline.state.under[0]
        return Summary(
            symbol=self._symbol,
            source=timeline.tape.info.source,
            events=counts.events,
            trades=counts.trades,
            quotes=counts.quotes,
            signals={name: count - self._passed_over[name] for name, count in fired.items()},
            state_hash=timeline.state.digest(),
            wall_s=self._spent_ns / NS,
            events_per_s=self._events_per_s(),
            first_ts=int(under["begin_ts"]),
            last_ts=int(under["clock"]),
            shown_from=self._shown_from,
        )

    def _events_per_s(self) -> float:
        """Return the pace of the fold alone, over all of it."""
        return self.symbol_day.projector.counts().events * NS / max(self._spent_ns, 1)


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

    From `params.start_ns` on; what comes before it is folded and not told.

    wall  : a monotonic clock, ns; `sleep` waits so many seconds of it
    views : whether to yield a `View` per symbol each 5 minutes of tape and at the end
    """
    runs = [SymbolRun(source, symbol, replace(params, start_ns=None), wall) for symbol in symbols]
    shown = tuple(symbols)
    start = min(run.start_ns for run in runs) if params.start_ns is None else params.start_ns
    for run in runs if params.start_ns is not None else ():
        run.pass_over(start)
    clock = TapeClock(start, wall(), speed, paused=False)
    end = max(start, *(run.end_ns for run in runs))
    for mark in _marks(start, end, speed):
        _wait(clock, mark, wall, sleep)
        live = [run for run in runs if run.at_ns < run.end_ns]
        said: list[Told] = [item for run in live for item in run.advance(mark)]
        said += [item for run in live for item in run.new_updates()]
        said += [item for run in live for item in run.new_outcomes()]
        yield from sorted(said, key=moment)
        yield from (notice for run in live for notice in run.new_notices())
        if (mark - start) % STATUS_NS == 0:
            yield from (run.next_status() for run in live if mark <= run.end_ns)
        if views and (mark - start) % VIEW_NS == 0:
            yield from (run.next_view(shown, speed) for run in live if mark < run.end_ns)
    if views:
        yield from (run.next_view(shown, speed) for run in runs if run.end_ns >= start)
    yield from (run.summary() for run in runs)


def moment(item: Told) -> int:
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
