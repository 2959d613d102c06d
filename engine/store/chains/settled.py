"""What of a chain file has settled at a moment: sentences, for it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from ...analytics.option_chain import OptionChain
from ...model.calendar import ET
from ...model.events import NS


def settled_notes(chain: OptionChain, at_ns: int) -> Iterator[str]:
    """Yield what had settled by `at_ns`, and whether it traded all the same on a day after that."""
    at = datetime.fromtimestamp(at_ns // NS, ET)
    gone = [each for each in chain.listed.groups if each.settle_ns <= at_ns]
    if not gone:
        return
    count = sum(each.rows.size for each in gone)
    names = ", ".join(f"{each.root} {each.expiry}" for each in gone[:4]) + (" …" if len(gone) > 4 else "")
    had, are = ("contract had", "is") if count == 1 else ("contracts had", "are")
    yield f"{count:,} {had} settled by {at:%Y-%m-%d %H:%M} and {are} left out: {names}."
    before = [each.rows for each in gone if each.expiry < at.date()]
    traded = int(np.sum(chain.volume[np.concatenate(before)] > 0.0)) if before else 0
    if traded:
        they = "1 expired contract has" if traded == 1 else f"{traded:,} expired contracts have"
        yield f"{they} volume of that day: the quotes are older than {at:%Y-%m-%d}."
