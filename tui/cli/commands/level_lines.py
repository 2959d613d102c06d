"""Levels of a chain as one object, a table, strikes as CSV, or a line for a chart.

Owns names, units and layout. It refuses to know where the chain came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from engine.analytics.exposure import convert
from engine.analytics.key_levels import Levels, Settlement
from engine.model.calendar import ET

from ...screen import format as fmt
from ..view_fields import UNIT, number

FORMATS = ("table", "csv", "tradingview")

_NS = 1_000_000_000
_TOP = 15
_EXPIRIES = 8
_MARKS = (("call_wall", "call wall"), ("put_wall", "put wall"), ("max_gex_strike", "max GEX"))


@dataclass(frozen=True, slots=True)
class LevelsAnswer:
    """Levels, and what else a reader should know: where they are from, and sentences."""

    levels: Levels
    source: str
    notes: tuple[str, ...]


def written(answer: LevelsAnswer, form: str) -> str:
    """Return the levels as 'json' or as one of `FORMATS`."""
    if form == "json":
        return json.dumps(as_object(answer), allow_nan=False) + "\n"
    lines = {"table": _table, "csv": _csv, "tradingview": _tradingview}[form](answer)
    return "".join(f"{line}\n" for line in lines)


def as_object(answer: LevelsAnswer) -> dict[str, Any]:
    """Return the object that --json prints; GEX in $ per 1 %, null where unknown."""
    found = answer.levels
    return {
        "symbol": found.chain.underlying.symbol,
        "spot": found.terms.spot,
        "at": moment(found.terms.at_ns).isoformat(),
        "unit": UNIT,
        "convention": found.convention,
        "net_gex": _usd(found, found.total_net),
        "call_gex": _usd(found, found.total_call),
        "put_gex": _usd(found, found.total_put),
        "gross_gex": _usd(found, found.total_gross),
        "call_wall": found.call_wall,
        "put_wall": found.put_wall,
        "max_gex_strike": found.max_gex_strike,
        "zero_gamma": number(found.zero_gamma),
        "zero_gamma_reason": found.zero_gamma_reason,
        "zero_gamma_roots": list(found.zero_gamma_roots),
        "max_pain": number(found.max_pain),
        "expected_move": number(found.expected_move),
        "pcr_volume": number(found.pcr_volume),
        "pcr_oi": number(found.pcr_oi),
        "contracts": found.contracts,
        "dropped": found.dropped,
        "iv": found.terms.iv,
        "rate": found.terms.rate,
        "dividend": found.terms.dividend,
        "source": answer.source,
        "notes": list(answer.notes),
        "expiries": [_expiry(found, each) for each in found.settlements],
        "strikes": [
            {"strike": strike, "call_gex": call, "put_gex": put, "net_gex": net}
            for strike, call, put, net in _strikes(found)
        ],
    }


def moment(at_ns: int) -> datetime:
    """Return an instant in exchange time, whole seconds."""
    return datetime.fromtimestamp(at_ns // _NS, ET)


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Yield rows with every column as wide as its widest cell; the first `left` columns stand left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _expiry(found: Levels, each: Settlement) -> dict[str, Any]:
    return {
        "expiry": each.expiry.isoformat(),
        "root": each.root,
        "contracts": each.contracts,
        "net_gex": None if each.net is None else _usd(found, each.net),
        "forward": number(each.forward),
        "max_pain": number(each.max_pain),
        "expected_move": number(each.expected_move),
    }


def _strikes(found: Levels) -> Iterator[tuple[float, float | None, float | None, float | None]]:
    """Yield (strike, call, put, net), ascending, in the unit."""
    columns = (convert(part, found.terms.spot, UNIT) for part in (found.call, found.put, found.net))
    for strike, *values in zip(found.strikes.tolist(), *(each.tolist() for each in columns), strict=True):
        call, put, net = map(number, values)
        yield strike, call, put, net


def _usd(found: Levels, shares: float) -> float:
    return convert(shares, found.terms.spot, UNIT)


# --- a table ------------------------------------------------------------------------------------------


def _table(answer: LevelsAnswer) -> Iterator[str]:
    found = answer.levels
    yield _headline(found)
    yield _how(found)
    yield ""
    yield from _totals(found)
    yield ""
    yield _readings(found)
    if len(found.settlements) > 1:
        yield ""
        yield from _by_expiry(found)
    yield ""
    yield from _by_strike(found)


def _headline(found: Levels) -> str:
    when = moment(found.terms.at_ns)
    return (
        f"{found.chain.underlying.symbol}  {when:%Y-%m-%d %H:%M} ET  spot {found.terms.spot:,.2f}  "
        f"{found.contracts:,} contracts of {_span(found)}"
    )


def _span(found: Levels) -> str:
    first, last = found.settlements[0].expiry, found.settlements[-1].expiry
    return f"{first}" if first == last else f"{first} to {last}"


_CONVENTIONS = {
    "assumed": "dealers long calls, short puts (assumed)",
    "flow": "dealers hold what today's flow left them (inferred)",
    "blended": "dealers long calls, short puts, moved by today's flow",
}
_VOLATILITIES = {"own": "volatilities from the quotes", "vendor": "the vendor's volatilities"}


def _how(found: Levels) -> str:
    return f"GEX in $ per 1 %, {_CONVENTIONS[found.convention]}, {_VOLATILITIES[found.terms.iv]}"


def _totals(found: Levels) -> Iterator[str]:
    zero = fmt.level(found.zero_gamma, 2)
    if found.zero_gamma is None:
        zero = f"none, {found.zero_gamma_reason}"
    elif len(found.zero_gamma_roots) > 1:
        zero += f" (all: {' '.join(fmt.level(root, 2) for root in found.zero_gamma_roots)})"
    values = (found.total_net, found.total_call, found.total_put, found.total_gross)
    names = ("net", "calls", "puts", "gross")
    levels = (
        ("call wall", fmt.level(found.call_wall, 2)),
        ("put wall", fmt.level(found.put_wall, 2)),
        ("max-GEX strike", fmt.level(found.max_gex_strike, 2)),
        ("zero gamma", zero),
    )
    for name, value, (label, level) in zip(names, values, levels, strict=True):
        yield f"{name:<6}{fmt.exposure(_usd(found, value)):>7}   {label:<14}  {level}"


def _readings(found: Levels) -> str:
    return (
        f"max pain {fmt.level(found.max_pain, 2)}   "
        f"expected move {_move(found.expected_move)} ({found.settlements[0].expiry})   "
        f"put/call {_ratio(found.pcr_volume)} by volume, {_ratio(found.pcr_oi)} by open interest"
    )


def _ratio(value: float | None) -> str:
    return fmt.NONE if value is None else f"{value:.2f}"


def _by_expiry(found: Levels) -> Iterator[str]:
    head = ("expires", "root", "contracts", "net", "forward", "max pain", "move")
    yield from aligned([head, *(_expiry_row(found, each) for each in found.settlements[:_EXPIRIES])], 2)
    more = len(found.settlements) - _EXPIRIES
    if more > 0:
        yield f"and {more} more"


def _expiry_row(found: Levels, each: Settlement) -> tuple[str, ...]:
    net = None if each.net is None else _usd(found, each.net)
    return (
        f"{each.expiry}",
        each.root,
        f"{each.contracts:,}",
        fmt.exposure(net),
        f"{each.forward:,.2f}",
        fmt.level(each.max_pain, 2),
        _move(each.expected_move),
    )


def _move(points: float | None) -> str:
    return fmt.NONE if points is None else f"±{points:.2f}"


def _by_strike(found: Levels) -> Iterator[str]:
    """Yield the strikes with the largest |net|, the highest first."""
    size = np.nan_to_num(np.abs(found.net))
    chosen = set(np.argsort(-size, kind="stable")[:_TOP].tolist())
    kept = [row for i, row in enumerate(_strikes(found)) if i in chosen][::-1]
    cells = [(fmt.level(strike, 3), *map(fmt.exposure, values)) for strike, *values in kept]
    marks = ["", *(_marks(found, strike) for strike, *_ in kept)]
    for line, mark in zip(aligned([("strike", "calls", "puts", "net"), *cells], 0), marks, strict=True):
        yield f"{line}   {mark}".rstrip()


def _marks(found: Levels, strike: float) -> str:
    return ", ".join(label for name, label in _MARKS if getattr(found, name) == strike)


# --- for other programs -------------------------------------------------------------------------------


def _csv(answer: LevelsAnswer) -> Iterator[str]:
    yield "strike,call_gex,put_gex,net_gex"
    for row in _strikes(answer.levels):
        yield ",".join("" if value is None else repr(value) for value in row)


def _tradingview(answer: LevelsAnswer) -> Iterator[str]:
    """Yield a comment, then one line `label, price, label, price, …`, which chart indicators take as text."""
    found = answer.levels
    yield f"# {_headline(found)}; {_how(found)}"
    pairs = [
        ("Call Wall", found.call_wall),
        ("Put Wall", found.put_wall),
        ("Max GEX", found.max_gex_strike),
        *_zero_labels(found),
        ("Max Pain", found.max_pain),
    ]
    if found.expected_move is not None:
        spot, move = found.terms.spot, found.expected_move
        pairs += [("Expected High", spot + move), ("Expected Low", spot - move)]
    yield ", ".join(f"{label}, {fmt.level(price, 2)}" for label, price in pairs if price is not None)


def _zero_labels(found: Levels) -> Iterator[tuple[str, float | None]]:
    yield "Zero Gamma", found.zero_gamma
    others = [root for root in found.zero_gamma_roots if root != found.zero_gamma]
    yield from ((f"Zero Gamma {i}", root) for i, root in enumerate(others, 2))
