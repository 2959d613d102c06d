"""What a pipe gets: one JSON object or one line of text per signal, view, status and summary.

Owns the JSON keys and the wording of the lines. It refuses to know where the values come from and where
the lines go. A number nobody knows is null in JSON and `-` in text, never 0 and never NaN.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from engine.events import MISSING, PRICE_SCALE
from engine.exposure import Unit, convert
from engine.headless import Followed, Line, Status, Summary
from engine.market import clock_text
from engine.stance import Metric
from engine.view import Fired, Gamma, Leg, View

from .output import rfc3339

UNIT: Unit = "usd_per_1pct"
UNITS: dict[Metric, str] = {
    "gamma": UNIT,
    "delta": "shares",
    "vanna": "shares_per_vol_point",
    "charm": "shares_per_minute",
}
"""What exposures are told in."""

_SIDES = ("call", "put", "net", "gross")


def as_json(item: Line) -> str:
    """Return the item as one line of JSON without its newline."""
    return json.dumps(as_object(item), separators=(",", ":"), allow_nan=False)


def as_object(item: Line) -> dict[str, Any]:
    """Return the item as the object that the command line's contract names."""
    match item:
        case Fired():
            return _signal(item)
        case Followed():
            return _followed(item)
        case View():
            return _view(item)
        case Status():
            return _status(item)
        case Summary():
            return _summary(item)


def as_text(item: Line) -> str | None:
    """Return the item as one line of text; None for a view or an outcome, which only JSON tells."""
    match item:
        case Fired():
            return _signal_text(item)
        case Status():
            return _status_text(item)
        case Summary():
            return _summary_text(item)
        case View() | Followed():
            return None


def number(value: float | None) -> float | None:
    """Return a finite Python float, or None for None, nan and infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def dollars(price: int) -> float | None:
    """Return a price in dollars, None when it is MISSING."""
    return None if price == MISSING else int(price) / PRICE_SCALE


def count(value: int) -> int | None:
    """Return a Python int, None when it is MISSING."""
    return None if value == MISSING else int(value)


def _head(kind: str, ts_ns: int, symbol: str) -> dict[str, Any]:
    return {"type": kind, "ts": rfc3339(ts_ns), "ts_ns": int(ts_ns), "symbol": symbol}


def _signal(item: Fired) -> dict[str, Any]:
    row = item.row
    return _head("signal", row.ts_ns, item.symbol) | {
        "signal": row.rule,
        "contract": row.contract.occ if row.contract else None,
        "direction": row.direction,
        "strength": number(row.strength),
        "reason": row.reason,
        "evidence": {name: number(value) for name, value in row.evidence},
        "side_confidence": number(row.side_confidence),
        "rule_version": row.version,
    }


def _followed(item: Followed) -> dict[str, Any]:
    row, outcome = item.row, item.outcome
    moves = ("underlying", "contract", "best", "worst")
    underlying, contract, best, worst = (_move(getattr(outcome, name)) for name in moves)
    return _head("outcome", item.ts_ns, item.symbol) | {
        "signal": row.rule,
        "signal_ts_ns": row.ts_ns,
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
            "state_hash": item.state_hash,
            "wall_s": number(item.wall_s),
            "events_per_s": number(item.events_per_s),
            "first_ts": rfc3339(item.first_ts),
            "last_ts": rfc3339(item.last_ts),
        }
        | nothing
    )


def _view(view: View) -> dict[str, Any]:
    spot = dollars(view.spot)
    return (
        _head("view", view.tape_ns, view.symbol)
        | {"spot": spot, "badge": view.badge}
        | _gamma(view.gamma, spot)
        | _chain(view)
        | {
            "flow": _flow(view),
            "lag_ms_p50": None,
            "lag_ms_p99": None,
            "strikes": _strikes(view, spot),
        }
    )


def _gamma(gamma: Gamma, spot: float | None) -> dict[str, Any]:
    return {
        "net_gex": _gex(gamma.net, spot),
        "zero_gamma": number(gamma.zero_gamma),
        "zero_gamma_reason": gamma.zero_gamma_reason,
        "zero_gamma_band": None if gamma.band is None else list(gamma.band),
        "call_wall": number(gamma.call_wall),
        "put_wall": number(gamma.put_wall),
        "max_gex_strike": number(gamma.max_gex_strike),
        "convention": gamma.convention,
        "basis": gamma.basis,
        "scope": gamma.scope,
        "expiries": [each.isoformat() for each in gamma.summed],
        "unit": UNIT,
        "units": UNITS,
        "totals": {
            metric: {side: _exposed(metric, getattr(total, side), spot) for side in _SIDES}
            for metric, total in gamma.totals.items()
        },
        "dealers": [
            {
                "convention": each.convention,
                "net_gex": _gex(each.net, spot),
                "zero_gamma": number(each.zero_gamma),
                "zero_gamma_reason": each.zero_gamma_reason,
            }
            for each in gamma.dealers
        ],
        "confidence": number(gamma.confidence),
        "unclassified_share": number(gamma.unclassified),
        "by_expiry": [
            {
                "expiry": each.expiry.isoformat(),
                "net": {metric: _exposed(metric, net, spot) for metric, net in each.net.items()},
                "max_pain": number(each.max_pain),
            }
            for each in gamma.by_expiry
        ],
    }


def _chain(view: View) -> dict[str, Any]:
    chain = view.chain
    return {
        "expiry": view.expiry.isoformat() if view.expiry else None,
        "max_pain": number(view.gamma.max_pain),
        "max_pain_all": number(chain.max_pain_all),
        "expected_move": number(view.gamma.expected_move),
        "opening_move": number(chain.opening_move),
        "atm_iv": number(chain.atm_iv),
        "atm_iv_error": number(chain.atm_iv_error),
        "pcr_volume": number(chain.pcr_volume),
        "pcr_oi": number(chain.pcr_oi),
        "pcr_premium": number(chain.pcr_premium),
    }


def _flow(view: View) -> dict[str, Any]:
    flow = view.flow
    return {
        "call_premium": number(flow.call_premium_usd),
        "put_premium": number(flow.put_premium_usd),
        "net_delta": number(flow.net_delta),
        "net_gamma": number(flow.net_gamma),
        "buy_volume": int(flow.buy_volume),
        "sell_volume": int(flow.sell_volume),
        "unclassified_volume": int(flow.unclassified_volume),
    }


def _strikes(view: View, spot: float | None) -> list[dict[str, Any]]:
    calls, puts = _legs(view.call, spot), _legs(view.put, spot)
    strikes = (view.strike_milli / 1000).tolist()
    return [
        {"strike": strike, "call": call, "put": put, "exposures": exposures}
        for strike, call, put, exposures in zip(strikes, calls, puts, _exposures(view, spot), strict=True)
    ]


def _exposures(view: View, spot: float | None) -> list[dict[str, Any]]:
    """Return of every strike each metric's call, put, net and gross over the expirations of the scope."""
    return [
        {
            metric: {side: _exposed(metric, float(getattr(columns, side)[i]), spot) for side in _SIDES}
            for metric, columns in view.exposures.items()
        }
        for i in range(len(view.strike_milli))
    ]


def _exposed(metric: Metric, value: float | None, spot: float | None) -> float | None:
    """Return an exposure in `UNITS`."""
    return _gex(value, spot) if metric == "gamma" else number(value)


_LEG_KEYS = (
    "bid", "ask", "last", "volume", "oi", "iv", "delta", "gamma", "gex", "premium", "net_delta_flow", "age_s",
)  # fmt: skip


def _legs(leg: Leg, spot: float | None) -> list[dict[str, Any]]:
    columns: tuple[list[Any], ...] = (
        _each(dollars, leg.bid),
        _each(dollars, leg.ask),
        _each(dollars, leg.last),
        _each(count, leg.volume),
        _each(count, leg.oi),
        _each(number, leg.iv),
        _each(number, leg.delta),
        _each(number, leg.gamma),
        [_gex(value, spot) for value in leg.gex.tolist()],
        _each(number, leg.premium_usd),
        _each(number, leg.net_delta_flow),
        _each(number, leg.age_s),
    )
    unknown = dict.fromkeys(_LEG_KEYS)
    rows = zip(leg.cid.tolist(), *columns, strict=True)
    return [unknown if cid < 0 else dict(zip(_LEG_KEYS, row, strict=True)) for cid, *row in rows]


def _each(convert_one: Callable[[Any], Any], column: Any) -> list[Any]:
    return [convert_one(value) for value in column.tolist()]


def _gex(shares: float | None, spot: float | None) -> float | None:
    if shares is None or spot is None:
        return None
    return number(float(convert(shares, spot, UNIT)))


def _signal_text(item: Fired) -> str:
    row = item.row
    sign = {"buy": "▲", "sell": "▼"}.get(row.direction, "·")
    when = clock_text(row.ts_ns, tenths=True)
    name = row.contract.occ if row.contract else item.symbol
    return f"{when} {sign} {row.rule:<17} {name} {row.strength:.2f}  {row.reason}"


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
