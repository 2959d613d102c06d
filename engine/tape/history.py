"""What a symbol was at regular moments of tape: its flow every 5 s, its strikes and straddles by minute.

Owns append-only samples. Each is of the state that had folded every event up to its moment and none after,
whoever folded it; moments lie at whole multiples of the spacing in exchange time. Readers say up to when
they may see. It refuses to know what is made of the samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..analytics.chain_stats import expected_move, mids, usd
from ..analytics.forward import implied_forward
from ..analytics.greeks import years
from ..fold.records import N_CHANNELS
from ..fold.state import State
from ..fold.volatility import kept_iv
from ..jit.options import compiled
from ..model.events import NS, UNDERLYING

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

EVERY_NS = 5 * NS
MINUTE_NS = 60 * NS

SAMPLE = np.dtype([("ts", "<i8"), ("channels", "<f8", (N_CHANNELS,)), ("spot", "<i4")], align=True)
"""Every 5 s: the channels of flow, and the spot in price units."""


def minute_of(n: int) -> np.dtype[np.void]:
    """Return the record of a minute over n strikes.

    iv                 : per year, as the fold kept it, nan when unknown
    call_net, put_net  : contracts that customers bought minus sold
    delta_flow         : shares, of calls and puts
    """
    return np.dtype(
        [
            ("ts", "<i8"),
            ("spot", "<i4"),
            ("iv", "<f4", (n,)),
            ("call_net", "<i4", (n,)),
            ("put_net", "<i4", (n,)),
            ("delta_flow", "<f4", (n,)),
        ],
        align=True,
    )


class SampleRows:
    """Records by ascending `ts`, to which only more are added."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._rows = np.zeros(64, dtype)
        self._count = 0

    def add(self, ts_ns: int) -> NDArray[np.void]:
        """Return a new row (1,) of that moment to fill."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        row = self._rows[self._count : self._count + 1]
        row["ts"] = ts_ns
        self._count += 1
        return row

    def until(self, ts_ns: int) -> NDArray[np.void]:
        """Return the rows up to a moment, itself included."""
        known = self._rows[: self._count]
        return known[: int(np.searchsorted(known["ts"], ts_ns, side="right"))]

    @property
    def nbytes(self) -> int:
        """Bytes held, room for more included."""
        return int(self._rows.nbytes)


@dataclass(frozen=True, slots=True, eq=False)
class StrikePairs:
    """The strikes of every settlement: (n,) each; where one right is not listed, its id is UNDERLYING.

    of : (contracts + 1,) the rung of each contract id
    """

    call: Ids
    put: Ids
    strike: Floats
    settle_ns: Ids
    of: Ids

    @classmethod
    def listed(cls, static: NDArray[np.void]) -> StrikePairs:
        """Return the rungs of (n + 1,) STATIC rows, in the order of the contract table."""
        cids = np.arange(len(static))
        twin = static["twin"].astype(np.int64)
        is_call = static["cp"] > 0
        first = (cids != UNDERLYING) & (is_call | (twin == UNDERLYING))
        call, put = np.where(is_call, cids, twin)[first], np.where(is_call, twin, cids)[first]
        of = np.zeros(len(static), np.int64)
        of[call] = of[put] = np.arange(len(call))
        return cls(call, put, static["strike"][first], static["settle_ns"][first], of)


class History:
    """The samples of one symbol.

    due_ns : the next moment to be kept; whoever folds past it hands the state in first
    """

    def __init__(self, static: NDArray[np.void], start_ns: int, open_ns: int, rate: float) -> None:
        self.due_ns = -(-start_ns // EVERY_NS) * EVERY_NS
        self.rungs = StrikePairs.listed(static)
        self._open_ns, self._rate = open_ns, rate
        self._samples = SampleRows(SAMPLE)
        self._minutes = SampleRows(minute_of(len(self.rungs.call)))
        self._opening: dict[int, tuple[int, float]] = {}
        # What opened before the first moment is not known.
        self._unopened = set(self.rungs.settle_ns.tolist()) if start_ns <= open_ns else set()

    def take(self, state: State, until_ns: int) -> None:
        """Keep every due moment up to `until_ns`; `state` has folded all events up to each of them."""
        while self.due_ns <= until_ns:
            self._keep(state, self.due_ns)
            self.due_ns += EVERY_NS

    def samples(self, until_ns: int) -> NDArray[np.void]:
        """Return the SAMPLE rows up to a moment."""
        return self._samples.until(until_ns)

    def minutes(self, until_ns: int) -> NDArray[np.void]:
        """Return the `minute_of` rows up to a moment; their columns are in the order of `rungs`."""
        return self._minutes.until(until_ns)

    def opening_move(self, settle_ns: int, until_ns: int) -> float | None:
        """Return the straddle, $, of the first full minute after the open at which a settlement had one.

        None before it, and when the samples begin after the open.
        """
        ts_ns, move = self._opening.get(settle_ns, (until_ns, None))
        return move if ts_ns <= until_ns else None

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._samples.nbytes + self._minutes.nbytes

    def _keep(self, state: State, ts_ns: int) -> None:
        row, under = self._samples.add(ts_ns), state.under[0]
        row["channels"], row["spot"] = under["channels"], under["spot"]
        if ts_ns % MINUTE_NS == 0:
            self._keep_minute(state, ts_ns)

    def _keep_minute(self, state: State, ts_ns: int) -> None:
        row = self._minutes.add(ts_ns)
        row["spot"] = state.under["spot"]
        columns = (row[name][0] for name in ("iv", "call_net", "put_net", "delta_flow"))
        _fill(state.cells, self.rungs.call, self.rungs.put, ts_ns, *columns)
        if ts_ns > self._open_ns:
            for settle_ns in tuple(self._unopened):
                self._look_for_opening(state, settle_ns, ts_ns)

    def _look_for_opening(self, state: State, settle_ns: int, ts_ns: int) -> None:
        here = self.rungs.settle_ns == settle_ns
        bid, ask = state.cells["bid"], state.cells["ask"]  # whole cells would be copied otherwise
        call, put = ((bid[cids], ask[cids]) for cids in (self.rungs.call[here], self.rungs.put[here]))
        strike = self.rungs.strike[here]
        told = implied_forward(
            strike,
            (usd(call[0]), usd(call[1])),
            (usd(put[0]), usd(put[1])),
            years(settle_ns, ts_ns),
            self._rate,
        )
        move = None if told.value is None else expected_move(strike, mids(*call), mids(*put), told.value)
        if move is not None:
            self._opening[settle_ns] = ts_ns, move
            self._unopened.discard(settle_ns)


@compiled
def _fill(
    cells: NDArray[np.void],
    calls: Ids,
    puts: Ids,
    now: int,
    iv: NDArray[np.float32],
    call_net: NDArray[np.int32],
    put_net: NDArray[np.int32],
    delta_flow: NDArray[np.float32],
) -> None:
    for i in range(len(calls)):
        call = cells[calls[i]]
        put = cells[puts[i]]
        iv[i] = kept_iv(now, call, put)
        call_net[i] = call.buy - call.sell
        put_net[i] = put.buy - put.sell
        delta_flow[i] = call.delta_flow + put.delta_flow
