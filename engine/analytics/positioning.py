"""What dealers are taken to hold of each contract, under a convention and on a basis.

Owns the three conventions and nothing else. A customer who buys leaves a dealer short (quant 2.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .exposure_choice import Basis, Convention

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
    weight = volume if convention == "assumed" and basis == "volume" else oi
    return held(convention, np.asarray(cp * weight, np.float64), sell - buy)


def held(convention: Convention, assumed: Floats, flow: Floats) -> Floats:
    """Return the contracts dealers hold; arrays of any shapes that go together.

    assumed : long every call and short every put
    flow    : what customers sold minus what they bought
    """
    if convention == "flow":
        return flow
    return assumed + flow if convention == "blended" else assumed
