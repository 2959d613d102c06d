"""What to let go of when more comes than can be taken: quotes that nobody would look at, never a trade."""

from __future__ import annotations

import numpy as np

from ...model.events import QUOTE, TRADE, Events

MOST_EVENTS = 65_536
"""Events of one symbol that a drain hands on without looking for quotes to drop."""


def conflate(events: Events, most: int) -> tuple[Events, int]:
    """Return the events without the oldest superseded quotes, and how many were dropped to come to `most`.

    A quote is superseded by the next quote of its contract, unless a trade of the contract stands between
    them or the next one carries an older time, which would lose the newer. More than `most` can be left.
    """
    if len(events) <= most:
        return events, 0
    at = np.flatnonzero(np.isin(events["kind"], (QUOTE, TRADE)))
    at = at[np.argsort(events["cid"][at], kind="stable")]
    this, following = events[at[:-1]], events[at[1:]]
    superseded = (
        (this["cid"] == following["cid"])
        & (this["kind"] == QUOTE)
        & (following["kind"] == QUOTE)
        & (this["ts"] <= following["ts"])
    )
    dropped = np.sort(at[:-1][superseded])[: len(events) - most]
    return np.delete(events, dropped), len(dropped)
