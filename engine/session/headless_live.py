"""A live run without a screen: what `headless` says of a replay, said of a day as it happens.

Owns when to look. Each tape is played at its front: a signal is said once, as soon as it fires, and what was
on the tape before anybody listened is no news.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait

from ..model.events import NS
from ..tape.link import Badge
from ..tape.source import LiveSource
from .headless import STATUS_NS, VIEW_NS, Item, Notice, SymbolRun, Told, moment
from .playback import TICK_EVENTS
from .source_thread import SourceThread
from .symbol_day import PlayerParams

TURN_S = 0.05
"""The least between two looks: what comes in meanwhile is folded in one go."""

LOOK_S = 0.5
"""The most between two looks: somebody may have asked for the end."""

_WELL = (Badge.LIVE, Badge.DELAYED, Badge.SIMULATED)


def follow(
    source: LiveSource,
    symbols: Sequence[str],
    params: PlayerParams,
    wall: Callable[[], int],
    views: bool,
    turn_s: float = TURN_S,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Item]:
    """Yield every signal as it fires, a status per symbol each 5 s, and a summary per symbol at last.

    The source runs until all tapes are closed and folded, or the iterator is; what it raises is raised here
    after that. wall is a monotonic clock, ns.

    views   : whether to yield a `View` per symbol each 5 minutes and at the end
    stopped : whether somebody has asked for the end; the summary comes then
    """
    runs = [SymbolRun(source, symbol, params, wall) for symbol in symbols]
    shown, began, links = tuple(symbols), wall(), _Links(runs)
    status_ns, view_ns = began + STATUS_NS, began + VIEW_NS
    with _SourceTask(source) as feed:
        while not stopped():
            over = feed.over  # what it wrote before it ended is folded below
            yield from _news(runs)
            yield from links.new_notices()
            if wall() >= status_ns:
                status_ns += STATUS_NS
                yield from (run.next_status() for run in runs)
            if views and wall() >= view_ns:
                view_ns += VIEW_NS
                yield from (run.next_view(shown, 1.0) for run in runs)
            if not any(run.symbol_day.live for run in runs) or (over and not any(map(_unfolded, runs))):
                break
            if not any(map(_unfolded, runs)):
                feed.wait(turn_s, min(max(status_ns - wall(), 0) / NS, LOOK_S))
    if views:
        yield from (run.next_view(shown, 1.0) for run in runs)
    yield from (run.summary() for run in runs)
    if feed.error is not None:
        raise feed.error


def _news(runs: Sequence[SymbolRun]) -> Iterator[Item]:
    """Fold what has come in, and yield what there is to say of it in the order of the tape."""
    said: list[Told] = [item for run in runs for item in run.fold_news(TICK_EVENTS)]
    said += [item for run in runs for item in run.new_updates()]
    said += [item for run in runs for item in run.new_outcomes()]
    yield from sorted(said, key=moment)
    yield from (notice for run in runs for notice in run.new_notices())


def _unfolded(run: SymbolRun) -> bool:
    day = run.symbol_day
    return day.live and (day.behind or day.longer is not None)


class _Links:
    """What the source says of its connection: each sentence once, until all is well again."""

    def __init__(self, runs: Sequence[SymbolRun]) -> None:
        self._runs = runs
        self._said: set[str] = set()

    def new_notices(self) -> Iterator[Notice]:
        links = [(run, run.symbol_day.link) for run in self._runs]
        if all(link is None or (not link.note and link.badge in _WELL) for _, link in links):
            self._said.clear()
        for run, link in links:
            words = "" if link is None else re.sub(r"[0-9]+", "", link.note)  # ages count on
            if link is not None and words and words not in self._said:
                self._said.add(words)
                info = run.symbol_day.timeline.tape.info
                yield Notice(run.at_ns, info.symbol, link.note)


class _SourceTask:
    """A live source that runs beside the block and is ended with it; `over` when it has ended by itself."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self._news, self._ended = threading.Event(), threading.Event()

    def __enter__(self) -> _SourceTask:
        self._feed = SourceThread(self._source, self._news.set)
        self._feed.done.add_done_callback(lambda _: self._end())
        return self

    def __exit__(self, *_: object) -> None:
        self._feed.end()
        wait((self._feed.done,))

    @property
    def over(self) -> bool:
        return self._ended.is_set()

    @property
    def error(self) -> BaseException | None:
        """What it raised, after the block."""
        return self._feed.done.exception()

    def wait(self, least_s: float, most_s: float) -> None:
        """Wait until there is news, at least and at most so long."""
        self._ended.wait(least_s)
        self._news.wait(most_s)
        self._news.clear()

    def _end(self) -> None:
        self._ended.set()
        self._news.set()
