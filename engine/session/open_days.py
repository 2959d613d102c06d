"""The days of several sources that are open, those that could not be, and the news of the live ones.

Owns which tapes are in memory, not which of them is shown and at what moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.errors import NoDataError, SpymonError
from ..tape.link import Badge
from ..tape.source import Key, LiveSource, Source
from ..tape.timeline import Timeline
from ..views.view import FiredSignal
from .symbol_day import LOST, SCOUT_EVENTS, PlayerParams, SymbolDay, open_symbol_day, open_timeline
from .user_rules.run import Piece


class OpenDays:
    """Days by source and symbol, each opened once; the bounds of `params` are those of the first source."""

    def __init__(self, sources: Sequence[Source], params: PlayerParams) -> None:
        self._sources = {source.name: source for source in sources}
        self._bounded = sources[0].name
        self._params = params
        self._days: dict[Key, SymbolDay] = {}
        self._refused: dict[Key, str] = {}
        self._lost: dict[str, str] = {}

    def source(self, name: str) -> Source:
        """Return a source by its name; NoDataError when there is none."""
        if name not in self._sources:
            raise NoDataError(f"There is no source called {name}; choose one of {', '.join(self._sources)}.")
        return self._sources[name]

    def open(self, key: Key) -> SymbolDay:
        """Return a tape, opened now if it was not before; raises what its source raises."""
        if key not in self._days:
            name, symbol = key
            tape = self._sources[name].open(symbol)
            self._days[key] = open_symbol_day(tape, self._params, bounded=name == self._bounded)
            self._refused.pop(key, None)
        return self._days[key]

    def again(self, key: Key, params: PlayerParams) -> Timeline:
        """Return another fold of an open tape, between the same bounds, at its start."""
        return open_timeline(self.open(key).front.tape, params, bounded=key[0] == self._bounded)

    def scout(self, source: Source, first: str) -> bool:
        """Fold a little ahead, `first` before the source's others; return whether there is more.

        Live days have nothing ahead of them, but may have to be folded again. A symbol that cannot be opened
        or read is left alone from then on.
        """
        keys = [(source.name, symbol) for symbol in (first, *source.symbols)]
        again = [key for key, day in self._days.items() if day.live]
        return any(self._scouts(key) for key in (*again, *keys))

    def _scouts(self, key: Key) -> bool:
        if key in self._refused:
            return False
        try:
            day = self.open(key)
            if day.live:
                return day.fold_again(SCOUT_EVENTS)
            return not day.timeline.scout(SCOUT_EVENTS)
        except SpymonError as error:
            self._give_up(key, error)
            return False

    def refusals(self, source: Source) -> list[str]:
        """Return why a source has given up, if it has, and why each of its symbols cannot be had."""
        lost = [self._lost[source.name]] if source.name in self._lost else []
        return [*lost, *(why for (name, _), why in self._refused.items() if name == source.name)]

    # --- live days --------------------------------------------------------------------------------

    def open_live(self) -> None:
        """Open every symbol of every live source, so that the news of all are folded."""
        for source in self._sources.values():
            for symbol in source.symbols if isinstance(source, LiveSource) else ():
                try:
                    self.open((source.name, symbol))
                except SpymonError as error:
                    self._give_up((source.name, symbol), error)

    def live(self) -> list[tuple[Key, SymbolDay]]:
        """Return the days that go on; any thread may ask."""
        return [(key, day) for key, day in list(self._days.items()) if day.live]

    def fold_news(self, limit: int) -> tuple[dict[Key, list[Piece]], list[FiredSignal]]:
        """Fold what has come in on every live tape; return the pieces of each, and all that fired, in order.

        limit : events of each tape, at most
        """
        pieces: dict[Key, list[Piece]] = {}
        fired: list[FiredSignal] = []
        for key, day in self.live():
            try:
                pieces[key], told = day.fold_news(limit)
                fired.extend(told)
            except SpymonError as error:
                self._give_up(key, error)
        return pieces, sorted(fired, key=lambda each: each.row.ts_ns)

    def lose(self, source: str, why: str) -> None:
        """Note that a live source has given up; what it has told stays."""
        self._lost[source] = why
        for (name, _), day in self._days.items():
            tape = day.front.growing
            if name == source and tape:
                tape.link = replace(tape.link, badge=Badge.STALE, state=LOST)

    def _give_up(self, key: Key, error: SpymonError) -> None:
        self._refused[key] = str(error)
        if key in self._days:
            self._days[key].end()
