"""How fast the fold is, alone and with greeks, and how much faster than the same code interpreted.

The loop alone is the same fold told that greeks never grow too old for a trade, and that no contract need be
held against its smile: each contract still gets its first greeks, and the price rule still renews them every
five minutes of tape.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from math import inf
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from engine.fold.params import FoldParams, SignalParams, with_settings
from engine.fold.state import State
from engine.fold.step import step
from engine.model.events import Events

from . import tapes
from .sizes import Sizes
from .table import Row, at_least, same, told
from .timing import cpu_s, run

BATCH = 1_000
CONTRACTS = 400
NEVER_S = 1e6


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the fold's rows."""
    table = tapes.contracts(CONTRACTS)
    events = tapes.mixed(sizes.events, table)
    fresh = tapes.state_for(table)
    seldom = with_settings(SignalParams(), {"fmv_divergence.look_s": NEVER_S})
    with_greeks, alone = FoldParams().pack(), FoldParams(signals=seldom, greeks_max_age_s=inf).pack()
    spent = _spent(sizes.rounds, fresh, events, {"alone": alone, "greeks": with_greeks})
    millions = len(events) / 1e6
    yield at_least(
        f"fold, loop alone: {millions:g}M mixed events, {CONTRACTS} contracts, batches of {BATCH:,}",
        millions / spent["alone"], 20, "M events/s",
    )  # fmt: skip
    yield at_least(
        "fold, greeks and smiles refreshed as designed", millions / spent["greeks"], 8, "M events/s"
    )
    yield from _beside_python(sizes, fresh, events, with_greeks)


def fold_all(state: State, events: Events, params: NDArray[np.void]) -> State:
    """Fold the events in batches and return the state they were folded into."""
    for start in range(0, len(events), BATCH):
        step(state, events[start : start + BATCH], params)
    return state


def _spent(
    rounds: int, fresh: State, events: Events, variants: dict[str, NDArray[np.void]]
) -> dict[str, float]:
    """Return the median processor seconds of each variant; they take turns, so that noise hits all."""
    fold_all(fresh.copy(), events[: len(events) // 10], next(iter(variants.values())))
    spent: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, params in variants.items():
            state = fresh.copy()
            spent[name].append(cpu_s(partial(fold_all, state, events, params)))
    return {name: median(times) for name, times in spent.items()}


def _beside_python(sizes: Sizes, fresh: State, events: Events, params: NDArray[np.void]) -> Iterator[Row]:
    """Fold events from the middle of the tape both ways, from the same state, in turns."""
    middle = len(events) // 2
    before = fold_all(fresh.copy(), events[:middle], params)
    part = events[middle : middle + sizes.interpreted]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "given.npz", events=part, params=params, static=before.static, pairs=before.pairs,
                 cells=before.cells, under=before.under, forwards=before.forwards)  # fmt: skip
        ratios, python_s = [], inf
        for _ in range(min(sizes.rounds, 3)):
            compiled_s = _spent(sizes.rounds, before, part, {"greeks": params})["greeks"]
            python_s = _interpreted(folder)
            ratios.append(python_s / compiled_s)
        done = np.load(folder / "done.npz")
    yield at_least("fold, compiled against the same code in plain Python", median(ratios), 40, "times", 0)
    yield told("  plain Python, per event", python_s / len(part) * 1e6, "µs")
    after = fold_all(before.copy(), part, params)
    twin = State(after.static, after.pairs, done["cells"], done["under"], done["forwards"])
    yield same("  both fold to the same state hash and signals", twin.digest() == after.digest())


def _interpreted(folder: Path) -> float:
    """Fold the given events without the compiler and return the processor seconds."""
    command = [sys.executable, "-m", "bench.interpreted", str(folder / "given.npz"), str(folder / "done.npz")]
    return float(run(command, folder, {"NUMBA_DISABLE_JIT": "1"}).out)
