"""The fold: state, trade side, flow, signals and the one compiled loop."""

from __future__ import annotations

from typing import Any

JIT: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
"""How everything here is compiled. No fastmath and no threads: the same tape gives the same state."""
