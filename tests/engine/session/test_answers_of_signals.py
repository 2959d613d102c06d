"""Queries and the what-if, asked of a player as a screen asks them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.model.errors import NoDataError, StoreError, UsageError
from engine.model.events import GAP, Events
from engine.session.player import Player
from engine.session.symbol_day import PlayerParams
from engine.session.what_if import difference, with_changes
from engine.tape.tape import Tape
from engine.tape.timeline import Timeline
from engine.views.commands import Seek, SelectSymbol, WhatIf
from engine.views.queries import Query, ScoreQuery, SignalTapeQuery, WhatIfComparison, WhatIfQuery
from engine.views.scores import scoreboard
from engine.views.study import tally

N = 3000
CHANGE = ("volume_spike.z=3",)


@dataclass
class Shelf:
    """A source whose tapes are at hand."""

    tapes: dict[str, Tape]
    name: str = "shelf"
    label: str = "a shelf"

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.tapes)

    def open(self, symbol: str) -> Tape:
        return self.tapes[symbol]


@pytest.fixture
def tape_of(mixed_events, in_memory):
    events = mixed_events(31, N)
    events = events[events["kind"] != GAP]
    return in_memory(events, range(200, len(events), 200))


@pytest.fixture
def fold(touchy_params):
    return touchy_params("default")


@pytest.fixture
def player(tape_of, fold):
    return Player([Shelf({"SPY": tape_of, "QQQ": tape_of})], PlayerParams(fold=fold), 1.0, 0)


def go(player: Player, share: float) -> int:
    """Go to a share of the tape and return the moment."""
    view = player.view(0)
    first = int(view.end_ns - 1500e9)
    target = int(first + share * (view.end_ns - first))
    player.obey(Seek(target), 0)
    while player.busy:
        player.tick(0)
    return target


def settled(player: Player) -> WhatIfComparison:
    """Let the player work in its free time until the re-run is over."""
    for _ in range(1000):
        found = player.answer(WhatIfQuery())
        if found.progress == 1:
            return found
        assert player.scout()
    raise AssertionError("the re-run never ended")


def until(tape: Tape, fold, moment: int) -> Timeline:
    timeline = Timeline(tape, fold)
    timeline.seek(moment)
    return timeline


def test_the_scoreboard_is_that_of_what_was_played(player, tape_of, fold) -> None:
    moment = go(player, 0.6)
    while player.scout():  # the rest of the day is known to the engine, and must not be told
        pass
    assert player.answer(ScoreQuery()) == scoreboard([tally(until(tape_of, fold, moment))])
    assert player.answer(ScoreQuery()).scores


def test_a_what_if_compares_what_was_played_with_a_plain_fold(player, tape_of, fold) -> None:
    moment = go(player, 0.7)
    player.obey(WhatIf(CHANGE), 0)
    found = settled(player)
    now = tally(until(tape_of, with_changes(fold, CHANGE), moment))
    plain = difference([tally(until(tape_of, fold, moment))], [now])
    assert (found.settings, found.kept) == (CHANGE, plain.kept)
    assert found.added == tuple((each.ts_ns, each.rule, each.contract) for each in plain.added)
    assert found.moved == tuple((each.ts_ns, each.rule, each.contract, at) for each, at in plain.moved)
    assert len(found.added) + len(found.moved) > 0
    assert found.removed == tuple((each.ts_ns, each.rule, each.contract) for each in plain.removed)
    assert (found.then, found.now) == (player.answer(ScoreQuery()), scoreboard([now]))
    assert all(row[0] <= moment for row in found.added)


def test_a_what_if_tells_its_progress_and_its_rows_only_at_the_end(mixed_events, in_memory, fold) -> None:
    events = repeated(mixed_events(31, N), 40)
    player = Player([Shelf({"SPY": in_memory(events)})], PlayerParams(fold=fold), 1.0, 0)
    go(player, 1.0)
    while player.scout():
        pass
    player.obey(WhatIf(CHANGE), 0)
    begun = player.answer(WhatIfQuery())
    assert (begun.progress, begun.now.scores, begun.added, begun.kept) == (0, (), (), 0)
    assert begun.then.scores
    assert player.scout()
    shares = [player.answer(WhatIfQuery()).progress]
    assert 0 < shares[0] < 1
    assert any(note.startswith("Running again with volume_spike.z=3: ") for note in player.view(0).notes)
    assert settled(player).now.scores
    assert not any("Running again" in note for note in player.view(0).notes)


def repeated(events: Events, times: int) -> Events:
    """Deliver the first part of a tape more slowly: each event so many times, a nanosecond apart."""
    many = np.repeat(events, times)
    many["ts"] = np.maximum.accumulate(many["ts"]) + np.tile(np.arange(times), len(events))
    return many


def test_without_settings_nothing_differs(player) -> None:
    go(player, 0.7)
    found = player.answer(WhatIfQuery())
    assert (found.settings, found.progress, found.added, found.removed) == ((), 1.0, (), ())
    signals = player.view(0).signals
    assert found.kept == sum(1 + signals.repeats(i) for i in range(len(signals))) > len(signals) > 0
    assert found.then == found.now


def test_an_empty_what_if_stops_a_running_one(player) -> None:
    go(player, 0.7)
    player.obey(WhatIf(CHANGE), 0)
    player.obey(WhatIf(()), 0)
    assert player.answer(WhatIfQuery()).settings == ()


def test_a_what_if_belongs_to_its_symbol(player) -> None:
    go(player, 0.7)
    player.obey(WhatIf(CHANGE), 0)
    player.obey(SelectSymbol("QQQ"), 0)
    assert player.answer(WhatIfQuery()).settings == ()
    player.obey(SelectSymbol("SPY"), 0)
    assert settled(player).settings == CHANGE


def test_a_wrong_threshold_is_told_and_changes_nothing(player) -> None:
    go(player, 0.7)
    player.obey(WhatIf(("volume_spke.z=3",)), 0)
    assert any("did you mean volume_spike.z?" in note for note in player.view(0).notes)
    assert player.answer(WhatIfQuery()).settings == ()


def test_a_tape_that_breaks_ends_the_what_if_with_a_sentence(player, tape_of) -> None:
    go(player, 0.7)
    while player.scout():
        pass
    torn = Torn(tape_of)
    player = Player([Shelf({"SPY": torn})], PlayerParams(), 1.0, 0)
    go(player, 0.7)
    while player.scout():
        pass
    player.obey(WhatIf(CHANGE), 0)
    torn.torn = True
    while player.scout():
        pass
    assert "the tape is torn" in player.view(0).notes
    assert player.answer(WhatIfQuery()).settings == ()


class Torn:
    """A tape that cannot be read any more once `torn` is set."""

    def __init__(self, tape: Tape) -> None:
        self.info, self.contracts, self.starts, self.end_ns = (
            tape.info, tape.contracts, tape.starts, tape.end_ns,
        )  # fmt: skip
        self._tape = tape
        self.torn = False

    def read(self, chunk: int) -> Events:
        if self.torn:
            raise StoreError("the tape is torn")
        return self._tape.read(chunk)


def test_the_tape_around_a_signal_is_cut_at_the_playhead(player) -> None:
    go(player, 0.7)
    log = player.view(0).signals
    found = player.answer(SignalTapeQuery(len(log) - 1))
    assert found.index == len(log) - 1
    assert found.ticks[0].ts_ns == log[-1].ts_ns - 60 * 10**9
    assert found.ticks[-1].ts_ns < player.view(0).tape_ns


@pytest.mark.parametrize("index", [-1, 10_000])
def test_a_signal_that_is_not_in_the_log_is_told(player, index) -> None:
    with pytest.raises(NoDataError, match="There is no signal"):
        player.answer(SignalTapeQuery(index))


def test_a_query_nobody_answers_is_told(player) -> None:
    class Weather(Query[str]):
        pass

    with pytest.raises(UsageError, match="Nobody answers a Weather"):
        player.answer(Weather())
