"""The levels of a fold: its contracts as a chain of options, measured."""

from __future__ import annotations

from ..analytics.exposure_choice import ExposureChoice
from ..analytics.key_levels import Levels, measure
from ..analytics.option_chain import Chosen, ContractSet, alive
from ..analytics.terms import Terms
from ..fold.state import State
from ..model.calendar import clock_text
from ..model.errors import NoDataError
from ..model.events import MISSING, PRICE_SCALE
from ..tape.tape import Tape
from .scope import TapeContracts, chain_at


def levels_of(
    state: State,
    tape: Tape,
    terms: Terms,
    at_ns: int,
    expiry: Chosen = "all",
    choice: ExposureChoice | None = None,
) -> Levels:
    """Return the levels of a tape's fold, at its moment and spot; NoDataError when nothing can be summed."""
    info, spot = tape.info, int(state.under["spot"][0])
    if spot == MISSING or not len(tape.contracts):
        what = "spot" if len(tape.contracts) else "contract"
        raise NoDataError(f"{info.symbol} has no {what} yet at {clock_text(at_ns)} of {info.day}.")
    contracts = TapeContracts.all_of(ContractSet.of(info.underlying, tuple(tape.contracts)))
    chain = alive(chain_at(state, contracts, at_ns).chain, expiry, at_ns)
    return measure(chain, terms.at(at_ns, spot / PRICE_SCALE), choice)
