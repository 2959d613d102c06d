"""The simulated market: a plausible, deterministic day of six underlyings' short-dated options.

What it reproduces is in `profiles` and `plan`; whatever it prints has a known true side, and the anomalies
planted in it are known, so that detection can be measured.
"""

from __future__ import annotations

from .live import LiveSimulated
from .plants import PlantedEvent
from .profiles import PROFILES, DayParams
from .tape import DEFAULT_SEED, SimTape, SimulatedSource

__all__ = [
    "DEFAULT_SEED",
    "PROFILES",
    "DayParams",
    "LiveSimulated",
    "PlantedEvent",
    "SimTape",
    "SimulatedSource",
]
