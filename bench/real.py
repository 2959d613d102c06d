"""The simulated day beside real ones, as figures; nothing is judged."""

from __future__ import annotations

from collections.abc import Iterator

from . import simulated_vs_real
from .sizes import Sizes
from .table import Row


def rows(_: Sizes) -> Iterator[Row]:
    """Yield what the simulated day comes to, with the real figure in the target's place."""
    for figure, simulated, real in simulated_vs_real.rows():
        yield Row(figure, simulated, real)
