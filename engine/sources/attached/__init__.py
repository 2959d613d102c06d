"""A screen onto a running recorder, and the recorder's side of it: one unix socket for each data folder.

A provider allows one connection per key, so whoever wants to watch what is being recorded asks the recorder.
"""

from __future__ import annotations

from .hub import Hub
from .protocol import Hello
from .seek import find_recorder
from .source import AttachedSource

__all__ = ["AttachedSource", "Hello", "Hub", "find_recorder"]
