"""When, at what price and on what terms a chain is valued: one set for screen, levels and snapshots."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

VolatilitySource = Literal["own", "vendor"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person has set, and the moment it is applied to.

    at_ns    : ns UTC
    spot     : $, nan while there is none
    rate     : continuous, per year
    dividend : yield, likewise; None takes the forward of each settlement from put-call parity
    iv       : volatilities inverted from the quotes, or those the chain came with
    """

    at_ns: int = 0
    spot: float = math.nan
    rate: float = 0.0
    dividend: float | None = None
    iv: VolatilitySource = "own"

    @property
    def carry_yield(self) -> float:
        """The yield time alone is reckoned with: the dividend, 0 where the quotes tell the forward."""
        return self.dividend or 0.0

    def at(self, at_ns: int, spot: float) -> Terms:
        """Return the same terms at another moment."""
        return replace(self, at_ns=at_ns, spot=spot)
