"""Settings of the process that make painting smooth; measured, see `docs/design/screen.md`.

Owns the garbage collector, the interpreter's switch interval and Textual's own frame cap. It imports
nothing, so that it can be used before Textual is.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import MutableMapping

SWITCH_INTERVAL_S = 0.0005
TEXTUAL_FPS = "240"
GC_THRESHOLDS = (50_000, 50, 50)


def prepare(environ: MutableMapping[str, str]) -> None:
    """Raise Textual's frame cap; it reads this once, when it is imported."""
    environ.setdefault("TEXTUAL_FPS", TEXTUAL_FPS)


def settle() -> None:
    """Take what exists out of the collector's rounds, and let the screen in between the fold's steps.

    Called after the first paint, and again after the first view, when the compiled fold is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def let_go() -> None:
    """Give back what a finished day leaves behind; what was settled with it is in no round by itself."""
    gc.unfreeze()
    settle()
