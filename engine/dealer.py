"""What dealers are taken to hold of each contract, under a convention and on a basis.

Owns the three conventions and nothing else. A customer who buys leaves a dealer short (quant 2.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .stance import Basis, Convention

Floats = NDArray[np.float64]


def positions(
    convention: Convention,
    basis: Basis,
    *,
    oi: Floats,
    volume: Floats,
    buy: Floats,
    sell: Floats,
    cp: Floats | float,
) -> Floats:
    """Return (n,) contracts dealers hold, short below 0; nan where what it rests on is unknown.

    basis     : what `assumed` weighs, open interest or volume; the other conventions have their own
    oi        : (n,) contracts, nan when unknown
    volume    : (n,) contracts traded today
    buy, sell : (n,) of them, by the side that customers took
    cp        : +1 call, -1 put
    """
    if convention == "flow":
        return sell - buy
    if convention == "blended":
        return cp * oi + (sell - buy)
    weight = volume if basis == "volume" else oi
    return np.asarray(cp * weight, np.float64)
