"""Trade sides and signals against what the simulator knows to be true.

A signal counts as right when something of its kind was planted on its contract then. What the null day, the
same without anything planted, fires counts as false, though its market trades blocks too. Nothing is judged:
the figures are of simulated days, so the order between rules and presets says more than the digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.events import MISSING, NS, QUOTE, TRADE, Events
from engine.kernel.evidence import EVIDENCE
from engine.kernel.params import PRESETS, FoldParams, SignalParams
from engine.kernel.side import RULE_NAMES as SIDE_RULES
from engine.kernel.signals import RULE_NAMES as SIGNALS
from engine.kernel.signals import VOLUME_SPIKE
from engine.kernel.state import SIGNAL
from engine.sources.simulated import SimTape
from engine.timeline import Timeline

from .days import simulated
from .sizes import Sizes
from .table import Row

GRACE_NS = 10 * NS
"""A signal may come this long after what caused it: a volume bucket is as long."""

PLACES = (
    "at ask",
    "at bid",
    "outside",
    "inside, off the middle",
    "middle",
    "one-sided, locked or crossed",
    "no quote",
)
_MIDDLE_BAND = 0.2
VOLUME_AT = EVIDENCE[VOLUME_SPIKE].index("volume")


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A day and what the fold made of it; sides and truth by event."""

    tape: SimTape
    events: Events
    sides: NDArray[np.void]
    truth: NDArray[np.int8]
    signals: NDArray[np.void]


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the sides' rows of one day, then the signals' of one day in both presets and of every day."""
    yield from _side_rows(folded(simulated(sizes.symbol), "default"))
    for preset in PRESETS:
        yield from _signal_rows(sizes.symbol, preset)
    for symbol in sizes.symbols:
        yield _all_kinds(symbol)


def folded(tape: SimTape, preset: str) -> Folded:
    """Fold a whole day and keep everything that was decided."""
    timeline = Timeline(tape, FoldParams(signals=PRESETS[preset]))
    pieces = list(timeline.advance(timeline.end_ns))
    truth = [tape.truth(chunk) for chunk in range(len(tape.starts))]
    return Folded(
        tape,
        np.concatenate([events for events, _ in pieces]),
        np.concatenate([sides for _, sides in pieces]),
        np.concatenate(truth),
        np.array(timeline.signals, SIGNAL),
    )


# --- sides -----------------------------------------------------------------------------------------------


def _side_rows(day: Folded) -> Iterator[Row]:
    trades = day.events["kind"] == TRADE
    events, sides, truth = day.events[trades], day.sides[trades], day.truth[trades]
    known = truth != 0
    symbol = day.tape.info.symbol
    yield _side_row(f"{symbol} trade sides: right, of those claimed; share of prints", sides, truth, known)
    for number, name in enumerate(SIDE_RULES):
        yield from _maybe(f"  rule {name}", sides, truth, known & (sides["rule"] == number))
    places = _places(day)[trades]
    for number, name in enumerate(PLACES):
        yield from _maybe(f"  printed {name}", sides, truth, known & (places == number))
    unclaimed = (sides["side"] == 0) & known
    yield Row("  prints with a true side that is not claimed", f"{unclaimed.sum() / known.sum():.1%}")
    size = events["s1"].astype(np.int64)
    yield Row("  volume without a side, of all", f"{size[sides['side'] == 0].sum() / size.sum():.1%}")
    for low, high in ((1, 30), (31, 50), (51, 70), (71, 100)):
        band = known & (sides["confidence"] >= low) & (sides["confidence"] <= high)
        yield from _maybe(f"  confidence {low}-{high} %", sides, truth, band)


def _maybe(
    what: str, sides: NDArray[np.void], truth: NDArray[np.int8], among: NDArray[np.bool_]
) -> list[Row]:
    return [_side_row(what, sides, truth, among)] if among.any() else []


def _side_row(what: str, sides: NDArray[np.void], truth: NDArray[np.int8], among: NDArray[np.bool_]) -> Row:
    claimed = among & (sides["side"] != 0)
    right = f"{(sides['side'] == truth)[claimed].mean():.1%} of " if claimed.any() else ""
    return Row(what, f"{right}{claimed.sum():,}; {among.sum() / (truth != 0).sum():.1%}")


def _places(day: Folded) -> NDArray[np.int8]:
    """Return where each event lies in its contract's quote before it, as a number of `PLACES`."""
    events = day.events
    order = np.lexsort((np.arange(len(events)), events["cid"]))
    ordered = events[order]
    last = np.maximum.accumulate(np.where(ordered["kind"] == QUOTE, np.arange(len(order)), 0))
    quote = ordered[last]
    unquoted = (quote["cid"] != ordered["cid"]) | (quote["kind"] != QUOTE)
    price, bid, ask = (column.astype(np.int64) for column in (ordered["p1"], quote["p1"], quote["p2"]))
    bad = (bid == MISSING) | (ask == MISSING) | (bid >= ask)
    off = np.abs(2 * price - bid - ask) > 2 * _MIDDLE_BAND * (ask - bid)
    cases = [unquoted, bad, price == ask, price == bid, (price > ask) | (price < bid), off]
    found = np.select(cases, [6, 5, 0, 1, 2, 3], 4)
    places = np.empty(len(events), np.int8)
    places[order] = found
    return places


# --- signals ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """How one kind of signal did: planted and found; fired and right; false ones per hour of the null day."""

    planted: int
    found: int
    fired: int
    right: int
    null_per_hour: float

    def text(self) -> str:
        """Return precision, recall and false alerts per hour."""
        precision = f"{self.right / self.fired:.0%}" if self.fired else "-"
        recall = f"{self.found / self.planted:.0%}" if self.planted else "-"
        return f"{precision} / {recall} / {self.null_per_hour:.1f}"


def _signal_rows(symbol: str, preset: str) -> Iterator[Row]:
    planted, null = folded(simulated(symbol), preset), folded(simulated(symbol, planted=False), preset)
    yield Row(f"{symbol} signals, preset {preset}", "", "precision / recall / per h on null")
    scores = [_score(planted, null, kind) for kind in range(len(SIGNALS))]
    for name, score in zip(SIGNALS, scores, strict=True):
        yield Row(f"  {name}", score.text(), f"fired {score.fired}, planted {score.planted}")
    spikes = null.signals[null.signals["rule"] == VOLUME_SPIKE]
    blocks = sum(_is_block(null, spike) for spike in spikes)
    yield Row("  the null day's volume spikes that are mostly one print", f"{blocks} of {len(spikes)}")


def _is_block(day: Folded, spike: np.void) -> bool:
    """Tell whether one print made most of a spike: the simulated market has blocks, planted or not."""
    events, bucket_ns = day.events, int(SignalParams().volume_bucket_s * NS)
    first, last = np.searchsorted(events["ts"], (spike["ts"] - bucket_ns, spike["ts"] + 1))
    near = events[first:last]
    sizes = near["s1"][(near["kind"] == TRADE) & (near["cid"] == spike["cid"])]
    return bool(sizes.size) and float(sizes.max()) > spike["evidence"][VOLUME_AT] / 2


def _all_kinds(symbol: str) -> Row:
    planted, null = folded(simulated(symbol), "default"), folded(simulated(symbol, planted=False), "default")
    scores = [_score(planted, null, kind) for kind in range(len(SIGNALS))]
    total = Score(
        sum(score.planted for score in scores),
        sum(score.found for score in scores),
        sum(score.fired for score in scores),
        sum(score.right for score in scores),
        sum(score.null_per_hour for score in scores),
    )
    return Row(
        f"  {symbol}, default, all kinds", total.text(), f"fired {total.fired}, planted {total.planted}"
    )


def _score(planted: Folded, null: Folded, kind: int) -> Score:
    """Match the signals of one kind with what was planted of it."""
    truths = [plant for plant in planted.tape.planted if plant.kind == SIGNALS[kind]]
    fired = planted.signals[planted.signals["rule"] == kind]
    hits = [
        (fired["cid"] == plant.cid) & (fired["ts"] >= plant.ts_ns) & (fired["ts"] <= plant.end_ns + GRACE_NS)
        for plant in truths
    ]
    right = np.logical_or.reduce(hits) if hits else np.zeros(len(fired), np.bool_)
    hours = (null.tape.end_ns - null.tape.info.session.open_ns) / 3600 / NS
    return Score(
        planted=len(truths),
        found=sum(bool(hit.any()) for hit in hits),
        fired=len(fired),
        right=int(right.sum()),
        null_per_hour=int((null.signals["rule"] == kind).sum()) / hours,
    )
