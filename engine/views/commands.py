"""What a person can ask of the monitor: plain values, sent one way, never awaited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..analytics.exposure_choice import Basis, Convention, Scope


@dataclass(frozen=True, slots=True)
class Seek:
    """Go to a moment of tape, ns UTC; bounds are applied."""

    ts_ns: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Go forward, or back when negative, by so many ns of tape."""

    ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """Pause, and go so many frames of tape forward, or back when negative."""

    frames: int


@dataclass(frozen=True, slots=True)
class JumpSignal:
    """Go to the next signal (+1) or to the one before (-1)."""

    direction: int


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Play at so many tape seconds per second; inf is as fast as the machine folds."""

    speed: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause or resume; None turns the one into the other."""

    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class SelectSymbol:
    """Show another symbol of the watch list, at the same moment of tape."""

    symbol: str


@dataclass(frozen=True, slots=True)
class SelectExpiry:
    """Show the strikes of one expiration; None is the nearest."""

    expiry: date | None


@dataclass(frozen=True, slots=True)
class UseSource:
    """Switch to another source by name; each keeps its own place."""

    name: str


@dataclass(frozen=True, slots=True)
class GoLive:
    """Show a live day as it happens, from an earlier moment of it or from another day."""


@dataclass(frozen=True, slots=True)
class SelectConvention:
    """Sum exposures under another dealer sign."""

    convention: Convention


@dataclass(frozen=True, slots=True)
class SelectBasis:
    """Weigh exposures by open interest, by volume or by flow."""

    basis: Basis


@dataclass(frozen=True, slots=True)
class SelectScope:
    """Sum exposures over the shown expiration, the watched ones, or all."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Run the loaded day again with other thresholds, e.g. 'volume_spike.z=5'; none stops a running one."""

    settings: tuple[str, ...]


Command = (
    Seek
    | Skip
    | Step
    | JumpSignal
    | SetSpeed
    | Pause
    | SelectSymbol
    | SelectExpiry
    | SelectConvention
    | SelectBasis
    | SelectScope
    | UseSource
    | GoLive
    | WhatIf
)
