"""The simulated market: a plausible, deterministic day of six underlyings' short-dated options.

What it reproduces is in `profiles` and `plan`; whatever it prints has a known true side, and the anomalies
planted in it are known, so that detection can be measured. Names are loaded when they are first used:
`provider` is read before anything is painted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .live import LiveSimulated
    from .plants import PlantedEvent
    from .profiles import PROFILES, DayParams
    from .tape import DEFAULT_SEED, SimTape, SimulatedSource

_HOME_OF = {
    "DEFAULT_SEED": "tape",
    "PROFILES": "profiles",
    "DayParams": "profiles",
    "LiveSimulated": "live",
    "PlantedEvent": "plants",
    "SimTape": "tape",
    "SimulatedSource": "tape",
}

__all__ = [
    "DEFAULT_SEED",
    "PROFILES",
    "DayParams",
    "LiveSimulated",
    "PlantedEvent",
    "SimTape",
    "SimulatedSource",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
