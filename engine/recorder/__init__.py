"""Recording without a screen."""

from __future__ import annotations

from .follow import SnapshotTerms
from .recorder import Recorder, Standing, Telling

__all__ = ["Recorder", "SnapshotTerms", "Standing", "Telling"]
