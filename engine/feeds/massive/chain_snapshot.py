"""A symbol's chain snapshot over REST: all of its pages, read as one.

Fetching waits for the network and touches no table, so that the thread that owns the contract table can do
the reading. Figures of an earlier session, which the provider repeats until a contract trades again, are no
news of this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from ...model.contracts import ContractTable
from ...model.events import BAR, EVENT, FLAG_RECEIVED, OI, SPOT, VENDOR, Events
from .rest_client import RestClient
from .wire.chain import ChainSnapshot, DayVolume, as_of, read_chain
from .wire.pages import Pages
from .wire.requests import Page, chain

_KEY, _VALUES = ["cid", "kind"], ["p1", "p2", "s1", "s2"]


async def fetch_chain(
    rest: RestClient, symbol: str, first: date, last: date, strikes_milli: tuple[int, int] | None = None
) -> tuple[Page, ...]:
    """Return the pages of a symbol's snapshot; expirations and strikes (1/1000 $) from first to last."""
    return tuple([page async for page in rest.pages(chain(symbol, first, last, strikes_milli))])


def read_pages(
    pages: Sequence[Page], contracts: ContractTable, reader: Pages, received_ns: int, session_ns: int
) -> ChainSnapshot:
    """Read a snapshot's pages as one; contracts that are new are added to the table.

    What has no time of its own gets the snapshot's: with ours a delayed tape's clock would run ahead of it.

    received_ns : ns UTC, the snapshot's time when the provider gives none at all
    session_ns  : ns UTC; volumes that were last renewed before it are left out
    """
    parts = [read_chain(page, contracts, reader, received_ns) for page in pages]
    events = np.concatenate([part.events for part in parts] or [np.empty(0, EVENT)])
    spots = events[events["kind"] == SPOT]
    newest = spots[-1:] if len(spots) < 2 else spots[[np.argmax(spots["ts"])]]
    past = (events["kind"] == BAR) & (events["ts"] < session_ns)
    kept = np.concatenate([newest, events[(events["kind"] != SPOT) & ~past]])
    as_of_ns = max(as_of(kept, received_ns), session_ns)
    kept["ts"][kept["flags"] & FLAG_RECEIVED != 0] = as_of_ns
    flags = [part.delayed for part in parts if part.delayed is not None]
    return ChainSnapshot(
        events=kept,
        listed=tuple(dict.fromkeys(cid for part in parts for cid in part.listed)),
        traded=_today([each for part in parts for each in part.traded], session_ns),
        delayed=any(flags) if flags else None,
        as_of_ns=as_of_ns,
    )


def _today(traded: list[DayVolume], session_ns: int) -> tuple[DayVolume, ...]:
    """Return what was renewed in the session, the last word on each contract."""
    last = {each.cid: each for each in traded if each.updated_ns is None or each.updated_ns >= session_ns}
    return tuple(last.values())


class ChainChanges:
    """Lets through what one symbol's snapshots say that the one before did not.

    A snapshot repeats every contract's open interest, day and vendor greeks; a day of them would be millions
    of records that change nothing. Prices and quotes pass always: that they still stand is news.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[int, ...], tuple[int, ...]] = {}

    def of(self, events: Events) -> Events:
        """Return the events that are new, in order."""
        repeatable = np.isin(events["kind"], (OI, BAR, VENDOR))
        fresh = np.ones(len(events), bool)
        again = events[repeatable]
        pairs = zip(again[_KEY].tolist(), again[_VALUES].tolist(), strict=True)
        for at, (key, values) in zip(np.flatnonzero(repeatable).tolist(), pairs, strict=True):
            fresh[at] = self._last.get(key) != values
            self._last[key] = values
        return events[fresh]
