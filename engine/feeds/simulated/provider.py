"""The simulated market as a provider: it needs no key, and is never mistaken for a real one."""

from __future__ import annotations

from ..provider import DaySource, Proof, Provider, SourceRequest
from .capabilities import SIMULATED


def make_source(request: SourceRequest) -> DaySource:
    """Return a simulated day as it would happen; the request must name the day."""
    from .live import LiveSimulated
    from .tape import SimulatedSource

    assert request.day is not None, "only a day that is named can be simulated"
    source = SimulatedSource(request.day, seed=request.seed)
    symbols = tuple(each.symbol for each in request.underlyings)
    return LiveSimulated(source, symbols, request.begin, request.speed)


PROVIDER = Provider(label="the simulator", feeds=(SIMULATED,), proof=Proof.SIMULATED, make_source=make_source)
