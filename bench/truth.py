"""Trade sides and signals against what the simulator knows to be true.

A signal counts as right when something of its kind was planted on its contract then; of sweeps, blocks and
volume spikes, which are all prints, each is right at any. What joined an event counts for its own rule; what
the null day fires is told in rows. Some plants are too small for anybody, so recall is told by thirds of
their strength. What the null day, the same without anything planted, fires counts as false, though its market
trades blocks too. Rules nothing is planted for are only counted. Nothing is judged: the figures are of
simulated days, so the order between rules and presets says more than the digits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.feeds.simulated import PlantedEvent, SimTape
from engine.fold.params import PRESETS, FoldParams
from engine.fold.records import SIGNAL
from engine.fold.rules.catalogue import RULE_NAMES as SIGNALS
from engine.fold.rules.volume_spike import AT, VOLUME_SPIKE, VolumeSpikeParams
from engine.fold.trade_side import METHOD_NAMES
from engine.model.events import MISSING, NS, QUOTE, TRADE, Events
from engine.tape.timeline import Timeline

from .days import simulated
from .sizes import Sizes
from .table import Row

GRACE_NS = 10 * NS
"""A signal may come this long after what caused it: a volume bucket is as long."""

ALERTS_PER_HOUR = 10
"""As many as a person can look at."""

PRINTED = ("volume_spike", "sweep", "block")
"""Rules that are right at whatever was planted as prints."""

SEEN_BY = dict.fromkeys(PRINTED, PRINTED) | {"price_move": ("price_move", "fmv_divergence")}
"""By what was planted: the rules that are right at it, if more than its own. A price that leaves the spot's
explanation leaves the smile of its neighbours too."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A day and what the fold made of it; sides and truth by event, and every signal, joined ones too."""

    tape: SimTape
    events: Events
    sides: NDArray[np.void]
    truth: NDArray[np.int8]
    signals: NDArray[np.void]


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the sides' rows of one day, then the signals' of every day in both presets."""
    yield from _side_rows(folded(simulated(sizes.symbol), "default"))
    yield Row(
        "signals: precision / at 10 per h / recall / per h on null", "", "found of weak, middling, strong"
    )
    for symbol in sizes.symbols:
        for preset in PRESETS:
            yield from _signal_rows(symbol, preset, symbol == sizes.symbol)


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
        np.array(timeline.firings, SIGNAL),
    )


# --- sides -----------------------------------------------------------------------------------------------


def _side_rows(day: Folded) -> Iterator[Row]:
    trades = day.events["kind"] == TRADE
    events, sides, truth = day.events[trades], day.sides[trades], day.truth[trades]
    known = truth != 0
    symbol = day.tape.info.symbol
    yield _side_row(f"{symbol} trade sides: right, of those claimed; share of prints", sides, truth, known)
    for number, name in enumerate(METHOD_NAMES):
        yield from _maybe(f"  method {name}", sides, truth, known & (sides["method"] == number))
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
    """How signals did.

    right      : of those fired
    top, loud  : of the strongest ten an hour, how many there are and how many are right
    thirds     : found and planted, by strength of what was planted, weakest third first
    null       : fired per hour of the null day
    """

    fired: int
    right: int
    top: int
    loud: int
    thirds: tuple[tuple[int, int], ...]
    null: float

    def text(self) -> str:
        """Return precision, precision at ten an hour, recall, and false alerts per hour."""
        found, planted = (sum(column) for column in zip(*self.thirds, strict=True))
        shares = ((self.right, self.fired), (self.loud, self.top), (found, planted))
        return " / ".join([*(_share(*each) for each in shares), f"{self.null:.1f}"])

    def counts(self) -> str:
        """Return how many fired, how many were planted, and what was found of each third."""
        thirds = " ".join(f"{found}/{planted}" for found, planted in self.thirds)
        planted = sum(planted for _, planted in self.thirds)
        return f"fired {self.fired}, planted {planted}: {thirds}" if planted else f"fired {self.fired}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _signal_rows(symbol: str, preset: str, by_rule: bool) -> Iterator[Row]:
    """Yield the total of a symbol's day, and before it each rule's row if asked."""
    planted, null = folded(simulated(symbol), preset), folded(simulated(symbol, planted=False), preset)
    every = range(len(SIGNALS))
    if by_rule:
        for kind in every:
            score = _score(planted, null, [kind])
            yield Row(f"  {symbol}, {preset}, {SIGNALS[kind]}", score.text(), score.counts())
        spikes = null.signals[null.signals["rule"] == VOLUME_SPIKE]
        blocks = sum(_is_block(null, spike) for spike in spikes)
        what = f"  {symbol}, {preset}, the null day's volume spikes that are mostly one print"
        yield Row(what, f"{blocks} of {len(spikes)}")
    total = _score(planted, null, every)
    yield Row(f"{symbol}, {preset}, all rules", total.text(), total.counts())


def _is_block(day: Folded, spike: np.void) -> bool:
    """Tell whether one print made most of a spike: the simulated market has blocks, planted or not."""
    events, bucket_ns = day.events, int(VolumeSpikeParams().bucket_s * NS)
    first, last = np.searchsorted(events["ts"], (spike["ts"] - bucket_ns, spike["ts"] + 1))
    near = events[first:last]
    sizes = near["s1"][(near["kind"] == TRADE) & (near["cid"] == spike["cid"])]
    return bool(sizes.size) and float(sizes.max()) > spike["evidence"][AT.volume] / 2


def _score(planted: Folded, null: Folded, kinds: Collection[int]) -> Score:
    """Match the signals of some rules with what was planted; rules nothing is planted for are not graded."""
    hours = (null.tape.end_ns - null.tape.info.session.open_ns) / 3600 / NS
    names = {SIGNALS[kind] for kind in kinds}
    plants = [plant for plant in planted.tape.planted if plant.kind in names]
    graded = [kind for kind in kinds if any(plant.kind == SIGNALS[kind] for plant in plants)]
    fired = planted.signals[np.isin(planted.signals["rule"], graded)]
    right = _right(fired, planted.tape.planted)
    top = np.argsort(-fired["strength"], kind="stable")[: int(ALERTS_PER_HOUR * hours)]
    return Score(
        fired=int(np.isin(planted.signals["rule"], list(kinds)).sum()) if not graded else len(fired),
        right=int(right.sum()),
        top=len(top),
        loud=int(right[top].sum()),
        thirds=_thirds(fired, plants),
        null=int((np.isin(null.signals["rule"], list(kinds)) & (null.signals["parent"] < 0)).sum()) / hours,
    )


def _right(fired: NDArray[np.void], plants: Collection[PlantedEvent]) -> NDArray[np.bool_]:
    """Tell of each signal whether something its rule should see was planted there and then."""
    right = np.zeros(len(fired), np.bool_)
    for plant in plants:
        right |= _meets(fired, plant, SEEN_BY.get(plant.kind, (plant.kind,)))
    return right


def _meets(fired: NDArray[np.void], plant: PlantedEvent, rules: Collection[str]) -> NDArray[np.bool_]:
    during = (fired["ts"] >= plant.ts_ns) & (fired["ts"] <= plant.end_ns + GRACE_NS)
    numbers = [number for number, name in enumerate(SIGNALS) if name in rules]
    return np.asarray(during & (fired["cid"] == plant.cid) & np.isin(fired["rule"], numbers))


def _thirds(fired: NDArray[np.void], plants: Collection[PlantedEvent]) -> tuple[tuple[int, int], ...]:
    """Return (found, planted) of the weak, the middling and the strong plants, each by its own rule."""
    counts = [[0, 0], [0, 0], [0, 0]]
    for plant in plants:
        third = counts[min(int(3 * plant.strength), 2)]
        third[0] += bool(_meets(fired, plant, (plant.kind,)).any())
        third[1] += 1
    return tuple((found, planted) for found, planted in counts)
