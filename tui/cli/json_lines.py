"""What a pipe gets: one JSON object or one line of text per signal, outcome, view, status and summary.

Owns the JSON keys, but for those of a view (`view_fields`), and the wording of the lines. It refuses to know
where the values come from and where the lines go. A number nobody knows is null in JSON and `-` in text,
never 0 and never NaN.
"""

from __future__ import annotations

import json
from typing import Any

from engine.fold.state import FOLD_VERSION
from engine.model.calendar import clock_text
from engine.model.events import PRICE_SCALE
from engine.session.headless import EventUpdate, HorizonOutcome, Line, Status, Summary
from engine.views.view import FiredSignal, View

from .output import rfc3339
from .view_fields import number, view_fields


def as_json(item: Line) -> str:
    """Return the item as one line of JSON without its newline."""
    return json.dumps(as_object(item), separators=(",", ":"), allow_nan=False)


def as_object(item: Line) -> dict[str, Any]:
    """Return the item as the object that the command line's contract names."""
    match item:
        case FiredSignal():
            return _signal(item)
        case EventUpdate():
            return _update(item)
        case HorizonOutcome():
            return _followed(item)
        case View():
            return _head("view", item.tape_ns, item.symbol) | view_fields(item)
        case Status():
            return _status(item)
        case Summary():
            return _summary(item)


def as_text(item: Line) -> str | None:
    """Return the item as one line of text; None for what only JSON tells."""
    match item:
        case FiredSignal():
            return _signal_text(item)
        case Status():
            return _status_text(item)
        case Summary():
            return _summary_text(item)
        case View() | EventUpdate() | HorizonOutcome():
            return None


def _head(kind: str, ts_ns: int, symbol: str) -> dict[str, Any]:
    return {"type": kind, "ts": rfc3339(ts_ns), "ts_ns": int(ts_ns), "symbol": symbol}


def _signal(item: FiredSignal) -> dict[str, Any]:
    row = item.row
    return _head("signal", row.ts_ns, item.symbol) | {
        "signal": row.rule,
        "contract": row.contract.occ if row.contract else None,
        "direction": row.direction,
        "action": row.action,
        "bias": row.bias,
        "strength": number(row.strength),
        "reason": row.reason,
        "evidence": {name: number(value) for name, value in row.evidence},
        "side_confidence": number(row.side_confidence),
        "rule_version": row.version,
        "event": item.event,
        "also": list(item.also),
    }


def _update(item: EventUpdate) -> dict[str, Any]:
    row, head, event = item.row, item.head, item.event
    return _head("update", item.ts_ns, item.symbol) | {
        "signal": head.rule,
        "signal_ts_ns": head.ts_ns,
        "event": item.number,
        "joined": row.rule,
        "contract": row.contract.occ if row.contract else None,
        "count": event.count,
        "size": event.size,
        "premium_usd": None if event.premium_usd is None else number(event.premium_usd),
    }


def _followed(item: HorizonOutcome) -> dict[str, Any]:
    row, head, outcome = item.row, item.head, item.outcome
    moves = ("underlying", "contract", "best", "worst")
    underlying, contract, best, worst = (_move(getattr(outcome, name)) for name in moves)
    return _head("outcome", item.ts_ns, item.symbol) | {
        "signal": head.rule,
        "signal_ts_ns": head.ts_ns,
        "rule": row.rule,
        "contract": row.contract.occ if row.contract else None,
        "horizon_s": outcome.horizon_s,
        "underlying_move": underlying,
        "contract_move": contract,
        "best": best,
        "worst": worst,
        "touched": outcome.touched,
        "hit": outcome.hit,
    }


def _move(price: int | None) -> float | None:
    return None if price is None else price / PRICE_SCALE


def _status(item: Status) -> dict[str, Any]:
    return _head("status", item.ts_ns, item.symbol) | {
        "badge": item.badge,
        "source": item.source,
        "events": item.events,
        "events_per_s": number(item.events_per_s),
        "dropped": item.dropped,
        "gaps": item.gaps,
        "connection": item.connection,
    }


def _summary(item: Summary) -> dict[str, Any]:
    head = _head("summary", item.last_ts, item.symbol)
    nothing = dict.fromkeys(("ts", "ts_ns", "first_ts", "last_ts")) if item.events == 0 else {}
    return (
        head
        | {
            "source": item.source,
            "events": item.events,
            "trades": item.trades,
            "quotes": item.quotes,
            "signals": dict(item.signals),
            "shown_from": rfc3339(item.shown_from),
            "fold_version": FOLD_VERSION,
            "state_hash": item.state_hash,
            "wall_s": number(item.wall_s),
            "events_per_s": number(item.events_per_s),
            "first_ts": rfc3339(item.first_ts),
            "last_ts": rfc3339(item.last_ts),
        }
        | nothing
    )


def _signal_text(item: FiredSignal) -> str:
    row = item.row
    sign = {"up": "▲", "down": "▼"}.get(row.bias, "◆")
    when = clock_text(row.ts_ns, tenths=True)
    name = row.contract.occ if row.contract else item.symbol
    return f"{when} {sign} {row.action:<12} {name} {row.rule:<17} {row.strength:.2f}  {row.reason}"


def _status_text(item: Status) -> str:
    rate = "-" if number(item.events_per_s) is None else f"{item.events_per_s:,.0f}"
    return (
        f"{clock_text(item.ts_ns)}   {item.symbol:<5} {item.badge}  {item.source}  events {item.events:,}"
        f"  {rate}/s  dropped {item.dropped}  gaps {item.gaps}  {item.connection}"
    )


def _summary_text(item: Summary) -> str:
    kinds = ", ".join(f"{kind} {n}" for kind, n in item.signals.items()) or "none"
    span = f"{rfc3339(item.first_ts)} to {rfc3339(item.last_ts)}" if item.events else "no time at all"
    return (
        f"{item.symbol} {item.source}: {item.events:,} events ({item.trades:,} trades, "
        f"{item.quotes:,} quotes), signals {kinds}, {span}, "
        f"state {item.state_hash}, {item.wall_s:.2f} s, {item.events_per_s:,.0f} events/s"
    )
