"""Levels of a chain as one object, a table, strikes as CSV, or a line for a chart.

Owns names, units and layout.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from engine.analytics.exposure import convert
from engine.analytics.exposure_choice import Metric
from engine.analytics.key_levels import Levels, Settlement
from engine.model.calendar import ET

from ...screen import format as fmt
from ..output import said_first
from ..view_fields import UNIT, number

FORMATS = ("table", "csv", "tradingview")

_NS = 1_000_000_000
_TOP = 15
_EXPIRIES = 8
_OTHERS: tuple[tuple[str, Metric, str], ...] = (
    ("dex", "delta", "$"), ("vanna", "vanna", "$ per volatility point"), ("charm", "charm", "$ per minute"),
)  # fmt: skip
_MARKS = (("call_wall", "call wall"), ("put_wall", "put wall"), ("max_gex_strike", "max GEX"))


@dataclass(frozen=True, slots=True)
class LevelsAnswer:
    """Levels, and what else a reader should know: where they are from, and sentences.

    simulated : whether they are of a market that never was
    origin    : where they are from and how old they are, where nobody chose; '' else
    age_s     : how old the moment is; None where it has no age
    """

    levels: Levels
    source: str
    notes: tuple[str, ...]
    simulated: bool = False
    origin: str = ""
    age_s: float | None = None


def written(answer: LevelsAnswer, form: str) -> str:
    """Return the levels as 'json' or as one of `FORMATS`."""
    if form == "json":
        return json.dumps(as_object(answer), allow_nan=False) + "\n"
    lines = {"table": _table, "csv": _csv, "tradingview": _tradingview}[form](answer)
    return "".join(f"{line}\n" for line in lines)


def as_object(answer: LevelsAnswer) -> dict[str, Any]:
    """Return the object that --json prints; GEX in $ per 1 %, null where unknown."""
    levels, found = answer.levels, answer.levels.exposure
    return {
        "symbol": levels.chain.underlying.symbol,
        "spot": levels.terms.spot,
        "at": moment(levels.terms.at_ns).isoformat(),
        "unit": UNIT,
        "convention": levels.dealers.choice.convention,
        "net_gex": _usd(levels, found.total_net),
        "call_gex": _usd(levels, found.total_call),
        "put_gex": _usd(levels, found.total_put),
        "gross_gex": _usd(levels, found.total_gross),
        "call_wall": found.call_wall,
        "put_wall": found.put_wall,
        "max_gex_strike": found.max_gex_strike,
        "basis": levels.dealers.choice.basis,
        **{f"net_{name}": number(_net(levels, metric)) for name, metric, _ in _OTHERS},
        "zero_gamma": number(found.zero_gamma.headline),
        "zero_gamma_reason": found.zero_gamma.reason,
        "zero_gamma_roots": list(found.zero_gamma.roots),
        "max_pain": number(levels.max_pain),
        "expected_move": number(levels.expected_move),
        "pcr_volume": number(levels.pcr_volume),
        "pcr_oi": number(levels.pcr_oi),
        "contracts": levels.contracts,
        "dropped": levels.dropped,
        "doubtful": levels.doubtful,
        "stale": levels.stale,
        "forward": number(levels.settlements[0].forward),
        "forward_error": number(levels.settlements[0].forward_error),
        "pairs": levels.settlements[0].pairs,
        "iv": levels.terms.iv,
        "rate": levels.terms.rate,
        "dividend": levels.terms.dividend,
        "source": answer.source,
        "origin": answer.origin,
        "age_s": number(answer.age_s),
        "notes": list(answer.notes),
        "expiries": [_expiry(levels, each) for each in levels.settlements],
        "strikes": [
            {"strike": strike, "call_gex": call, "put_gex": put, "net_gex": net}
            for strike, call, put, net in _strikes(levels)
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


def _expiry(levels: Levels, each: Settlement) -> dict[str, Any]:
    return {
        "expiry": each.expiry.isoformat(),
        "root": each.root,
        "contracts": each.contracts,
        "net_gex": None if each.net is None else _usd(levels, each.net),
        "forward": number(each.forward),
        "forward_error": number(each.forward_error),
        "pairs": each.pairs,
        "max_pain": number(each.max_pain),
        "expected_move": number(each.expected_move),
    }


def _strikes(levels: Levels) -> Iterator[tuple[float, float | None, float | None, float | None]]:
    """Yield (strike, call, put, net), ascending, in the unit."""
    found = levels.exposure
    columns = (convert(part, levels.terms.spot, UNIT) for part in (found.call, found.put, found.net))
    for strike, *values in zip(found.strikes.tolist(), *(each.tolist() for each in columns), strict=True):
        call, put, net = map(number, values)
        yield strike, call, put, net


def _net(levels: Levels, metric: Metric) -> float:
    """Return what a metric nets to over all contracts, in $ of delta; nan when nothing is known."""
    return levels.dealers.total(metric) * levels.terms.spot


def _usd(levels: Levels, shares: float) -> float:
    return convert(shares, levels.terms.spot, UNIT)


# --- a table ------------------------------------------------------------------------------------------


def _table(answer: LevelsAnswer) -> Iterator[str]:
    levels = answer.levels
    yield said_first(answer.simulated) + _headline(levels)
    if answer.origin:
        yield answer.origin
    yield _how(levels)
    yield ""
    yield from _totals(levels)
    yield ""
    yield _stats(levels)
    if len(levels.settlements) > 1:
        yield ""
        yield from _by_expiry(levels)
    yield ""
    yield from _by_strike(levels)


def _headline(levels: Levels) -> str:
    when = moment(levels.terms.at_ns)
    return (
        f"{levels.chain.underlying.symbol}  {when:%Y-%m-%d %H:%M} ET  spot {levels.terms.spot:,.2f}  "
        f"{levels.contracts:,} contracts of {_span(levels)}"
    )


def _span(levels: Levels) -> str:
    first, last = levels.settlements[0].expiry, levels.settlements[-1].expiry
    return f"{first}" if first == last else f"{first} to {last}"


_CONVENTIONS = {
    "assumed": "dealers long calls, short puts (assumed)",
    "flow": "dealers hold what today's flow left them (inferred)",
    "blended": "dealers long calls, short puts, moved by today's flow",
}
_BASES = {"volume": " by contracts traded"}
_VOLATILITIES = {"own": "volatilities from the quotes", "vendor": "the vendor's volatilities"}


def _how(levels: Levels) -> str:
    convention, iv = levels.dealers.choice.convention, levels.terms.iv
    basis = _BASES.get(levels.dealers.choice.basis, "")
    return f"GEX in $ per 1 %{basis}, {_CONVENTIONS[convention]}, {_VOLATILITIES[iv]}"


def _totals(levels: Levels) -> Iterator[str]:
    found, flip = levels.exposure, levels.exposure.zero_gamma
    zero = fmt.level(flip.headline, 2)
    if flip.headline is None:
        zero = f"none, {flip.reason}"
    elif len(flip.roots) > 1:
        zero += f" (all: {' '.join(fmt.level(root, 2) for root in flip.roots)})"
    values = (found.total_net, found.total_call, found.total_put, found.total_gross)
    names = ("net", "calls", "puts", "gross")
    marks = (
        ("call wall", fmt.level(found.call_wall, 2)),
        ("put wall", fmt.level(found.put_wall, 2)),
        ("max-GEX strike", fmt.level(found.max_gex_strike, 2)),
        ("zero gamma", zero),
    )
    for name, value, (label, price) in zip(names, values, marks, strict=True):
        yield f"{name:<6}{fmt.exposure(_usd(levels, value)):>7}   {label:<14}  {price}"
    yield "net " + "   ".join(
        f"{metric} {fmt.exposure(number(_net(levels, metric)))} {unit}" for _, metric, unit in _OTHERS
    )


def _stats(levels: Levels) -> str:
    return (
        f"max pain {fmt.level(levels.max_pain, 2)}   "
        f"expected move {_move(levels.expected_move)} ({levels.settlements[0].expiry})   "
        f"put/call {_ratio(levels.pcr_volume)} by volume, {_ratio(levels.pcr_oi)} by open interest"
    )


def _ratio(value: float | None) -> str:
    return fmt.NONE if value is None else f"{value:.2f}"


def _by_expiry(levels: Levels) -> Iterator[str]:
    head = ("expires", "root", "contracts", "net", "forward", "max pain", "move")
    yield from aligned([head, *(_expiry_row(levels, each) for each in levels.settlements[:_EXPIRIES])], 2)
    more = len(levels.settlements) - _EXPIRIES
    if more > 0:
        yield f"and {more} more"


def _expiry_row(levels: Levels, each: Settlement) -> tuple[str, ...]:
    net = None if each.net is None else _usd(levels, each.net)
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


def _by_strike(levels: Levels) -> Iterator[str]:
    """Yield the strikes with the largest |net|, the highest first."""
    size = np.nan_to_num(np.abs(levels.exposure.net))
    chosen = set(np.argsort(-size, kind="stable")[:_TOP].tolist())
    kept = [row for i, row in enumerate(_strikes(levels)) if i in chosen][::-1]
    cells = [(fmt.level(strike, 3), *map(fmt.exposure, values)) for strike, *values in kept]
    marks = ["", *(_marks(levels, strike) for strike, *_ in kept)]
    for line, mark in zip(aligned([("strike", "calls", "puts", "net"), *cells], 0), marks, strict=True):
        yield f"{line}   {mark}".rstrip()


def _marks(levels: Levels, strike: float) -> str:
    return ", ".join(label for name, label in _MARKS if getattr(levels.exposure, name) == strike)


# --- for other programs -------------------------------------------------------------------------------


def _csv(answer: LevelsAnswer) -> Iterator[str]:
    sink = io.StringIO()
    lines = csv.writer(sink, lineterminator="\n")
    lines.writerow(("strike", "call_gex", "put_gex", "net_gex", "source"))
    for row in _strikes(answer.levels):
        lines.writerow([*("" if value is None else repr(value) for value in row), answer.source])
    yield from sink.getvalue().splitlines()


def _tradingview(answer: LevelsAnswer) -> Iterator[str]:
    """Yield a comment, then one line `label, price, label, price, …`, which chart indicators take as text."""
    levels, found = answer.levels, answer.levels.exposure
    origin = f"{answer.origin}; " if answer.origin else ""
    yield f"# {said_first(answer.simulated)}{_headline(levels)}; {origin}{_how(levels)}"
    pairs = [
        ("Call Wall", found.call_wall),
        ("Put Wall", found.put_wall),
        ("Max GEX", found.max_gex_strike),
        *_zero_labels(levels),
        ("Max Pain", levels.max_pain),
    ]
    if levels.expected_move is not None:
        spot, move = levels.terms.spot, levels.expected_move
        pairs += [("Expected High", spot + move), ("Expected Low", spot - move)]
    yield ", ".join(f"{label}, {fmt.level(price, 2)}" for label, price in pairs if price is not None)


def _zero_labels(levels: Levels) -> Iterator[tuple[str, float | None]]:
    flip = levels.exposure.zero_gamma
    yield "Zero Gamma", flip.headline
    others = [root for root in flip.roots if root != flip.headline]
    yield from ((f"Zero Gamma {i}", root) for i, root in enumerate(others, 2))
