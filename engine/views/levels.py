"""The levels of a fold: its contracts as a chain of options, measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..analytics.exposure_choice import Convention
from ..analytics.key_levels import Levels, measure
from ..analytics.option_chain import Chosen, OptionChain, alive, quoted
from ..analytics.valuation import Terms
from ..fold.state import State
from ..model.calendar import Underlying, clock_text
from ..model.contracts import ContractTable
from ..model.errors import NoDataError
from ..model.events import MISSING, PRICE_SCALE
from ..tape.tape import Tape


def levels_of(
    state: State,
    tape: Tape,
    terms: Terms,
    expiry: Chosen = "all",
    convention: Convention = "assumed",
) -> Levels:
    """Return the levels of a tape's fold, at the fold's own spot; NoDataError when nothing can be summed."""
    info, spot = tape.info, int(state.under["spot"][0])
    if spot == MISSING or not len(tape.contracts):
        what = "spot" if len(tape.contracts) else "contract"
        raise NoDataError(f"{info.symbol} has no {what} yet at {clock_text(terms.at_ns)} of {info.day}.")
    chain = alive(quoted_by(state, tape.contracts, info.underlying), expiry, terms.at_ns)
    return measure(chain, replace(terms, spot=spot / PRICE_SCALE), convention)


def quoted_by(state: State, contracts: ContractTable, underlying: Underlying) -> OptionChain:
    """Return what a fold knows of every contract of its tape."""
    cells = state.cells[1:]
    prices = {name: np.where(cells[name] > 0, cells[name] / PRICE_SCALE, np.nan) for name in ("bid", "ask")}
    columns = prices | {
        "volume": (cells["volume"] - cells["cancelled"]).astype(np.float64),
        "oi": np.where(cells["oi"] == MISSING, np.nan, cells["oi"]),
        "buy": cells["buy"].astype(np.float64),
        "sell": cells["sell"].astype(np.float64),
    }
    return quoted(underlying, tuple(contracts), columns)
