"""What an alert says: a title, a sentence, and the signal's own fields for a program that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, isfinite
from typing import Any

from engine.model.calendar import clock_text
from engine.model.events import NS
from engine.views.view import FiredSignal

MOST_NAMED = 4  # rules a summary names


@dataclass(frozen=True, slots=True)
class Alert:
    """One message, and the signal it is about; of a summary, the strongest of those it counts.

    signal, contract : the rule's name and the contract's OCC symbol; empty when there is none
    badge    : what the screen shows first, LIVE, REPLAY …
    strength : 0-1; None in a message that is about no signal
    count    : how many signals it stands for
    ts_ns    : the signal's moment of tape, ns UTC; 0 when there is none
    """

    title: str
    body: str
    symbol: str = ""
    signal: str = ""
    contract: str = ""
    direction: str = ""
    strength: float | None = None
    reason: str = ""
    badge: str = ""
    ts_ns: int = 0
    count: int = 1

    def as_object(self) -> dict[str, Any]:
        """Return it as a JSON object; what there is none of is null."""
        known = {name: value if value != "" else None for name, value in asdict(self).items()}
        return known | {"ts_ns": self.ts_ns or None}

    def fields(self) -> dict[str, str]:
        """Return what a command's placeholders stand for, as text."""
        texts = {name: str(value) for name, value in asdict(self).items() if value is not None}
        return texts | {"strength": "" if self.strength is None else f"{self.strength:.2f}"}


PLACEHOLDERS = tuple(Alert.__dataclass_fields__)
"""What a command's arguments may name in braces."""

TEST = Alert("spymon: a test", "If you can read this, the channel works.", count=0)


def alert_of(fired: FiredSignal) -> Alert:
    """Return the alert of one signal."""
    row = fired.row
    body = f"{row.reason} (strength {row.strength:.2f}, {clock_text(row.ts_ns)} ET)"
    return _about(fired, f"{_said(fired)}: {row.rule}, {row.direction}", body, 1)


def summary_of(held: Mapping[str, int], strongest: FiredSignal, span_ns: int) -> Alert:
    """Return the alert that stands for all that was held back within `span_ns`.

    held : rule -> how many
    """
    total = sum(held.values())
    ranked = sorted(held.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{n:,} {rule}" for rule, n in ranked[:MOST_NAMED]]
    others = sum(n for _, n in ranked[MOST_NAMED:])
    kinds = ", ".join([*named, f"{others:,} of other kinds"] if others else named)
    top = f"{_said(strongest)} {strongest.row.rule} {strongest.row.strength:.2f}"
    body = f"+{total:,} more in {ceil(span_ns / NS):,} s: {kinds}; strongest: {top}"
    return _about(
        strongest, f"spymon: {total:,} more signals" if total > 1 else "spymon: 1 more signal", body, total
    )


def plain(text: str) -> str:
    """Return a line without anything a terminal or a desktop would take for more than text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _said(fired: FiredSignal) -> str:
    """Name what a signal is about; a tape that is not happening now says so first."""
    contract = fired.row.contract
    name = f"{fired.symbol} {contract.expiry} {contract.short}" if contract else fired.symbol
    return f"{fired.badge} {name}" if fired.replayed else name


def _about(fired: FiredSignal, title: str, body: str, count: int) -> Alert:
    row = fired.row
    return Alert(
        title=title,
        body=body,
        symbol=fired.symbol,
        signal=row.rule,
        contract=row.contract.occ if row.contract else "",
        direction=row.direction,
        strength=row.strength if isfinite(row.strength) else None,
        reason=row.reason,
        badge=fired.badge,
        ts_ns=row.ts_ns,
        count=count,
    )
