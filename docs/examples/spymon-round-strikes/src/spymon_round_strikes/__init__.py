"""A rule of one's own for spymon: where the day's money at a round strike turns over."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.contracts import ContractTable
from engine.model.events import Events
from engine.session.user_rules import UserSignal
from engine.views.view import Leg, View

ROUND_MILLI = 5_000
"""Strikes at every five dollars are round."""

LEAST_USD = 25_000.0
"""How far the flow must lean to one side before it counts as leaning."""


class RoundStrikes:
    """Says when the net premium at a round strike turns from calls to puts, or back."""

    name = "round-strikes"
    every_s = 5.0
    version = "1"

    def __init__(self) -> None:
        self._side: dict[int, str] = {}  # strike -> the side it leant to last

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterator[UserSignal]:
        """Compare each round strike's lean with the one before."""
        for row, strike in enumerate(view.strike_milli.tolist()):
            calls, puts = _net_usd(view.call, row), _net_usd(view.put, row)
            if strike % ROUND_MILLI or abs(calls - puts) < LEAST_USD:
                continue
            side = "call" if calls > puts else "put"
            before = self._side.get(strike)
            self._side[strike] = side
            if before not in (None, side):
                yield _turned(view, row, side, calls, puts)


def _net_usd(leg: Leg, row: int) -> float:
    """Return the premium bought minus sold today, 0 where no such contract is listed: nobody traded it."""
    return float(leg.net_premium_usd[row]) if leg.cid[row] > 0 else 0.0


def _turned(view: View, row: int, side: str, calls: float, puts: float) -> UserSignal:
    leg = view.call if side == "call" else view.put
    lean = abs(calls - puts)
    return UserSignal(
        contract=max(int(leg.cid[row]), 0),
        direction="buy",  # of the contract: bought puts point down
        strength=lean / (lean + 2 * LEAST_USD),
        reason=f"net premium turned to the {side}s: calls {calls:+,.0f}, puts {puts:+,.0f} dollars",
        evidence={"calls_usd": calls, "puts_usd": puts},
    )
