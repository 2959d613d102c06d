"""A view as a JSON object: its keys, and the units of its numbers.

A number nobody knows is None, never 0 and never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.analytics.exposure import Unit, convert
from engine.analytics.exposure_choice import Metric
from engine.model.events import MISSING, PRICE_SCALE
from engine.views.view import Dealer, ExpiryTotals, Gamma, Leg, View

UNIT: Unit = "usd_per_1pct"
UNITS: dict[Metric, str] = {
    "gamma": UNIT,
    "delta": "shares",
    "vanna": "shares_per_vol_point",
    "charm": "shares_per_minute",
}
"""What exposures are told in."""

_SIDES = ("call", "put", "net", "gross")


def view_fields(view: View) -> dict[str, Any]:
    """Return the fields of a view's object, exposures in `UNITS`."""
    spot = dollars(view.spot)
    return (
        {"spot": spot, "badge": view.badge}
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
        "dealers": [_dealer(each, spot) for each in gamma.dealers],
        "confidence": number(gamma.confidence),
        "unclassified_share": number(gamma.unclassified),
        "by_expiry": [_of_expiry(each, spot) for each in gamma.by_expiry],
    }


def _dealer(each: Dealer, spot: float | None) -> dict[str, Any]:
    return {
        "convention": each.convention,
        "net_gex": _gex(each.net, spot),
        "zero_gamma": number(each.zero_gamma),
        "zero_gamma_reason": each.zero_gamma_reason,
    }


def _of_expiry(each: ExpiryTotals, spot: float | None) -> dict[str, Any]:
    return {
        "expiry": each.expiry.isoformat(),
        "net": {metric: _exposed(metric, net, spot) for metric, net in each.net.items()},
        "max_pain": number(each.max_pain),
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
        "sigma_move": number(chain.sigma_move),
    }


def _flow(view: View) -> dict[str, Any]:
    flow = view.flow
    return {
        "call_premium": number(flow.call_premium_usd),
        "put_premium": number(flow.put_premium_usd),
        "net_delta": number(flow.net_delta),
        "net_delta_5m": number(flow.net_delta_5m),
        "net_gamma": number(flow.net_gamma),
        "buy_volume": int(flow.buy_volume),
        "sell_volume": int(flow.sell_volume),
        "unclassified_volume": int(flow.unclassified_volume),
        "expiries": [each.isoformat() for each in flow.expiries],
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


def number(value: float | None) -> float | None:
    """Return a finite Python float, or None for None, nan and infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def dollars(price: int) -> float | None:
    """Return a price in dollars, None when it is MISSING."""
    return None if price == MISSING else int(price) / PRICE_SCALE


def count(value: int) -> int | None:
    """Return a Python int, None when it is MISSING."""
    return None if value == MISSING else int(value)
