"""What was traded while there are only snapshots: the difference of their day volumes, as trades.

Pure. A difference tells how many contracts were traded, not in how many prints, when and by whom. What comes
of it is flagged FLAG_POLLED and carries the snapshot's time.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...model.events import FLAG_POLLED, FLAG_RECEIVED, MISSING, TRADE, Events, empty_events
from .wire.chain import ChainSnapshot


def synthesise(before: Mapping[int, int], after: ChainSnapshot) -> Events:
    """Return the trades that explain a snapshot's volumes, one for each contract that was traded.

    Without a price there is no trade: what was traded then stays lacking.

    before : day volumes until now; a contract that is not among them begins here, and so does one whose
             volume shrank
    """
    grown = [(each, each.day_volume - before.get(each.cid, each.day_volume)) for each in after.traded]
    priced = [(each, size) for each, size in grown if size > 0 and each.last_price != MISSING]
    events = empty_events(len(priced))
    events["ts"], events["kind"], events["flags"] = after.as_of_ns, TRADE, FLAG_POLLED | FLAG_RECEIVED
    events["cid"] = [each.cid for each, _ in priced]
    events["p1"] = [each.last_price for each, _ in priced]
    events["s1"] = [size for _, size in priced]
    return events
