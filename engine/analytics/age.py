"""How long a volatility stands after the quote that gave it: past that it is left out of sums, and counted.

A minute near the money of what settles today, longer with distance and with time left, since less of it can
have changed; and never less than three of the source's own beats, so that a poll or a file of minutes is not
called old for what it is.
"""

from __future__ import annotations

from ..jit.options import compiled

LEAST_NS = 60 * 1_000_000_000
SESSION_NS = 390 * 60 * 1_000_000_000
"""The time left to settlement up to which the least limit holds."""

BEATS = 3
"""How many times a source may stay silent for as long as it usually does."""


@compiled
def limit_ns(left_ns: int, deviations: float, beat_ns: int) -> float:
    """Return how old a volatility may be, ns.

    left_ns    : to settlement
    deviations : from the money, in standard deviations until then
    beat_ns    : between two quotes of the source
    """
    far = (1.0 + deviations * deviations) * max(left_ns / SESSION_NS, 1.0)
    return max(LEAST_NS * far, BEATS * float(beat_ns))
