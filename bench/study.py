"""A day's signals scored against chance, and the day run again with other thresholds."""

from __future__ import annotations

import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from engine.fold.params import FoldParams
from engine.session.player import Player
from engine.session.what_if import with_changes
from engine.tape.outcomes import OutcomeTracker
from engine.tape.tape import PIECE, Tape
from engine.tape.timeline import Timeline
from engine.views.commands import Seek, WhatIf
from engine.views.queries import SignalTapeQuery, WhatIfQuery
from engine.views.scores import scoreboard
from engine.views.study import study_tape

from .days import LoadedTape, loaded_deck, scouted, simulated
from .sizes import DAY, Sizes
from .table import Row, at_most, same, told
from .timing import cpu_s, percentile, run, spymon_command

CHANGE = "volume_spike.z=5"


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the study's rows."""
    drawn = simulated(sizes.symbol)
    loaded = LoadedTape(drawn)
    day = f"{loaded.events / 1e6:.2f}M-event day"
    yield at_most(f"study of a {day}, loaded", _median_s(sizes, lambda: _study(loaded)), 5, "s")
    timeline = scouted(loaded)
    moments = f"{len(timeline.outcomes.points):,} moments"
    following_s = _median_s(sizes, lambda: _follow(loaded, timeline))
    yield at_most(f"  of it following {moments}", following_s * 1e3, 150, "ms", 0)
    yield told(f"study of a {day}, drawn on the way", cpu_s(lambda: _study(drawn)), "s")
    yield told("  `spymon study`, the whole process, wall", _process_s(sizes), "s")
    yield from _replayed(loaded, day, sizes)


def _replayed(loaded: LoadedTape, day: str, sizes: Sizes) -> Iterator[Row]:
    """Ask what one asks at the end of a replay."""
    deck = loaded_deck(loaded)
    deck.obey(Seek(loaded.end_ns), 0)
    deck.tick(0)
    yield at_most(f"what-if re-run of a {day}", _median_s(sizes, lambda: _what_if(deck)), 2, "s")
    found = deck.answer(WhatIfQuery())
    plain = scouted(loaded, fold=with_changes(FoldParams(), [CHANGE]))
    yield same("  it fires what a plain fold fires", found.kept + len(found.added) == len(plain.signals))
    yield at_most("the tape around a signal: p95", percentile(_around_ms(deck), 95), 30, "ms", 1)


def _median_s(sizes: Sizes, work: Callable[[], object]) -> float:
    """Return the median processor seconds of some work that has been compiled."""
    work()
    return median(cpu_s(work) for _ in range(sizes.rounds))


def _study(tape: Tape) -> None:
    scoreboard(study_tape(tape, [FoldParams()], lambda share: None))


def _follow(tape: LoadedTape, folded: Timeline) -> None:
    """Follow a day again, whose signals are known."""
    hours = tape.info.session
    follower = OutcomeTracker(folded.state.static, hours.open_ns, hours.close_ns)
    moments = [int(signal["ts"]) for signal in folded.signals]
    clock = 0
    for chunk in range(len(tape.starts)):
        events = tape.read(chunk)
        for start in range(0, len(events), PIECE):
            piece = events[start : start + PIECE]
            clock = max(clock, int(piece["ts"].max()))
            follower.feed(piece, folded.signals[: bisect_right(moments, clock)])


def _process_s(sizes: Sizes) -> float:
    """Return the wall time of the real command on the simulated day."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*spymon_command(), "study", str(DAY), "--symbol", sizes.symbol, "--data-dir", name]
        return median(run(command, folder).wall_s for _ in range(min(sizes.rounds, 3)))


def _what_if(deck: Player) -> None:
    """Run the day again, in the pieces a screen lets it have."""
    deck.obey(WhatIf((CHANGE,)), 0)
    while deck.answer(WhatIfQuery()).progress < 1:
        deck.scout()


def _around_ms(deck: Player) -> list[float]:
    """Return the processor time of asking for the tape around each signal."""
    spent = []
    for index in range(len(deck.view(0).signals)):
        began = time.process_time()
        deck.answer(SignalTapeQuery(index))
        spent.append((time.process_time() - began) * 1e3)
    return spent
