"""How often Massive may be asked over REST."""

from __future__ import annotations

from collections.abc import Callable

from ..transport.rate_limit import RateLimit

PAID = (20, 1.0)
"""Requests and seconds of a plan without a limit of its own; the provider asks to stay well below 100/s."""

FREE = (5, 60.0)
"""Requests and seconds of a plan that answers 429 to more."""


def rest_limit(on_slow: Callable[[], object] = lambda: None) -> RateLimit:
    """Return the limit of a plan that is not known: a paid one's, until three requests were refused."""
    return RateLimit(*PAID, slow=FREE, on_slow=on_slow)
