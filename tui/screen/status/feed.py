"""The line about a live day's feed: how late it is, how much of the truth it tells, and what its source says.

Owns what stands there and what gives way.
"""

from __future__ import annotations

from math import isfinite

from engine.tape.link import Badge, Lag, Link
from engine.views.view import Flow, View

from .. import format as fmt
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.fitting import Piece, fit
from .badge import link_badge

_ORIGIN_WIDTH = len("put-call parity")
_WELL = (Badge.LIVE, Badge.DELAYED, Badge.CLOSED)
_CUT = (Badge.GAP, Badge.POLL)  # nothing streams: how late events came before that says nothing of now
_LAG_LEAST, _NOTE_LEAST = 17, 3  # cells that a sentence leaves to the rest of the line, and to its own mark


def feed_row(view: View, link: Link, width: int) -> Row:
    """Write the line for `width` cells; a sentence of the source takes the room that it needs."""
    rule: Cell = (" │ ", "faint", "bar")
    alone = bool(link.note) and _lag(view, link) is None  # a sentence is worth more than a dash
    pieces = [
        Piece(_meanwhile(view, link), (5,)),
        Piece(lag_forms(view, link), (13, 4, 1) if alone else (13, 4)),
        Piece(_reconciled(link), (14, 6)),
        Piece(sides(view), (15, 8)),
        Piece(_dropped(view.counts.dropped), (14, 7)),
        Piece(_origin(link), (12, 9)),
        Piece(_refused(link), (10, 2)),
        Piece(_note(link, width - (_NOTE_LEAST if alone else _LAG_LEAST))),
    ]
    return fitted([(" ", "text", "bar"), *fit(pieces, width - 1, rule)], width, "bar")


def _meanwhile(view: View, link: Link) -> tuple[Row]:
    """Write how the feed is while the badge tells of a rewound screen."""
    if not view.rewound:
        return ([],)
    return ([(link_badge(link)[1:-1], "text" if link.badge in _WELL else "warn", "bar")],)


def lag_forms(view: View, link: Link) -> tuple[Row, ...]:
    """Write how late the last events came: half of them later than the first number, 1 % than the second."""
    lag = _lag(view, link)
    p50, p99 = (fmt.NONE.rjust(5),) * 2 if lag is None else (fmt.lag(lag.p50_ms), fmt.lag(lag.p99_ms))
    brief: Row = [("lag ", "muted", "bar"), (p50, "text", "bar")]
    long: Row = [("lag p50 ", "muted", "bar"), (p50, "text", "bar"), (" p99 ", "muted", "bar")]
    return [*long, (p99, "text", "bar")], [*brief, (" ", "text", "bar"), (p99, "text", "bar")], brief


def _lag(view: View, link: Link) -> Lag | None:
    return None if link.badge in _CUT else view.lag


def sides(view: View) -> tuple[Row, Row]:
    """Write which share of the volume has no side, and how much the sides there are can be relied on."""
    confidence = view.gamma.confidence
    unknown = f"side? {_unclassified(view.flow):>4}"
    sure = fmt.NONE if confidence is None else f"{confidence:.0%}"
    return [(f"{unknown} sure {sure:>3}", "muted", "bar")], [(unknown, "muted", "bar")]


def _unclassified(flow: Flow) -> str:
    """Write the share of volume whose side nobody knows."""
    total = flow.buy_volume + flow.sell_volume + flow.unclassified_volume
    return f"{flow.unclassified_volume / total:.0%}" if total else fmt.NONE


def _reconciled(link: Link) -> tuple[Row, Row]:
    """Write which share of the provider's day volume has been heard."""
    known = isfinite(link.reconciled)
    share = f"{int(link.reconciled * 100)}%" if known else fmt.NONE  # 99.6 % is not all of it
    brief: Row = [("vol ", "muted", "bar"), (share.rjust(4), "text", "bar")]
    return [*brief, (" heard", "muted", "bar")], brief


def _dropped(dropped: int) -> tuple[Row, Row]:
    count: Cell = (fmt.count(dropped).ljust(5), "warn" if dropped else "muted", "bar")
    return [("dropped ", "muted", "bar"), count], [("drop ", "muted", "bar"), count]


def _origin(link: Link) -> tuple[Row, Row]:
    name: Cell = ((link.spot_origin or fmt.NONE).ljust(_ORIGIN_WIDTH), "text", "bar")
    return [("spot from ", "muted", "bar"), name], [("spot ", "muted", "bar"), name]


def _refused(link: Link) -> tuple[Row, ...]:
    """Name the first channel that the provider refused, and count them."""
    if not link.refused:
        return ([],)
    n = len(link.refused)
    more = f" +{n - 1}" if n > 1 else ""
    return [(f"refused {link.refused[0]}{more}", "warn", "bar")], [(f"refused {n}", "warn", "bar")]


def _note(link: Link, room: int) -> tuple[Row]:
    return ([("▸ ", "key", "bar"), (fmt.clip(link.note, room), "text", "bar")] if link.note else [],)
