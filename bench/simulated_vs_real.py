"""The simulated SPY day beside real days.

Owns the comparison of market-facts figures with the same figures of the default simulated day. It judges
nothing: a range is what was measured on real data, or marked as assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.feeds.simulated import SimTape, SimulatedSource
from engine.model.events import MISSING, OI, QUOTE, SPOT, TRADE, Events

DAY = date(2025, 12, 16)
_CENT = 100.0
_UNITS = 10_000.0
_CANCELS, _MULTI = (201, 203), (232, 246)
_AFTERNOON = 210


def rows() -> list[tuple[str, str, str]]:
    """Return (figure, simulated, real) for the SPY day of 2025-12-16."""
    tape = SimulatedSource(DAY).open("SPY")
    chunks = [tape.read(i) for i in range(len(tape.starts))]
    truth = np.concatenate([tape.truth(i) for i in range(len(tape.starts))])
    events = np.concatenate(chunks)
    prints = events[(events["kind"] == TRADE) & ~np.isin(events["cond"], _CANCELS)]
    return [
        *_totals(tape, events, prints),
        *_where(tape, events, prints),
        *_quoting(tape, events),
        *_sides(events, truth),
        *_sizes(prints),
        *_pace(tape, prints),
    ]


def _right_and_strike(tape: SimTape, cid: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    call = np.array([False, *(c.right == "C" for c in tape.contracts)])
    strike = np.array([np.nan, *(c.strike for c in tape.contracts)])
    return call[cid], strike[cid]


def _first(tape: SimTape, events: Events) -> NDArray[np.bool_]:
    """Tell which rows are of the nearest expiration."""
    nearest = tape.contracts.expiries()[0]
    first = np.array([False, *(c.expiry == nearest for c in tape.contracts)])
    return np.asarray(first[events["cid"]])


def _totals(tape: SimTape, events: Events, prints: Events) -> Iterator[tuple[str, str, str]]:
    first = prints[_first(tape, prints)]
    interest = events[(events["kind"] == OI) & _first(tape, events)]
    volume, call = int(first["s1"].sum()), _right_and_strike(tape, first["cid"])[0]
    yield "trades", f"{len(prints):,}", ">= 300,000 (asked)"
    yield "quotes", f"{(events['kind'] == QUOTE).sum():,}", ">= 3,000,000 (asked)"
    yield "same-day contracts", f"{volume:,}", "4.0-5.8M; a tape of asked size, see profiles"
    yield "calls in same-day volume", f"{first['s1'][call].sum() / volume:.0%}", "49-56%"
    yield "volume / open interest", f"{volume / interest['s1'].sum():.1f}", "10.7-15.7"
    _, strike = _right_and_strike(tape, interest["cid"])
    for step, real in ((5, "30-43%"), (10, "18-26%")):
        share = interest["s1"][strike % step == 0].sum() / interest["s1"].sum()
        yield f"open interest on ${step} multiples", f"{share:.0%}", real


def _closing_spot(tape: SimTape, events: Events) -> float:
    before = (events["kind"] == SPOT) & (events["ts"] <= tape.info.session.close_ns)
    return float(events["p1"][before][-1]) / _UNITS


def _where(tape: SimTape, events: Events, prints: Events) -> Iterator[tuple[str, str, str]]:
    close = _closing_spot(tape, events)
    first = prints[_first(tape, prints)]
    interest = events[(events["kind"] == OI) & _first(tape, events)]
    away = np.abs(_right_and_strike(tape, first["cid"])[1] - close)
    away_interest = np.abs(_right_and_strike(tape, interest["cid"])[1] - close)
    for dollars, real in ((3, "38-77%"), (10, "88-97%")):
        share = first["s1"][away <= dollars].sum() / first["s1"].sum()
        yield f"volume within ${dollars} of the close", f"{share:.0%}", real
    share = interest["s1"][away_interest <= 10].sum() / interest["s1"].sum()
    yield "open interest within $10", f"{share:.0%}", "31-62%"


def _quoting(tape: SimTape, events: Events) -> Iterator[tuple[str, str, str]]:
    late = events[events["ts"] > tape.info.session.open_ns + _AFTERNOON * 60 * 10**9]
    spots = late[late["kind"] == SPOT]
    quotes = late[(late["kind"] == QUOTE) & _first(tape, late) & (late["p1"] != MISSING)]
    spot = spots["p1"][np.searchsorted(spots["ts"], quotes["ts"]).clip(0, len(spots) - 1)] / _UNITS
    call, strike = _right_and_strike(tape, quotes["cid"])
    out = np.where(call, strike - spot, spot - strike) * 10.0
    width = (quotes["p2"] - quotes["p1"]) / _CENT
    bands = (
        ("within 5 points", -5, 5, "2.0"),
        ("5-20 out", 5, 20, "1.0"),
        ("> 20 out", 20, 1e9, "0.5 (one tick is 1)"),
        ("20-50 in", -50, -20, "5.0"),
        ("50-100 in", -100, -50, "10.0"),
        ("> 100 in", -1e9, -100, "23.0"),
    )
    for name, low, high, real in bands:
        there = width[(out > low) & (out <= high)]
        yield f"median spread, cents, {name}", f"{np.median(there):.1f}", f"{real} (SPXW / 10)"
    odd = (quotes["p2"] <= quotes["p1"]).mean()
    yield "locked or crossed quotes", f"{odd:.3%}", "0 of 130k (delivered by some feeds)"


def _sides(events: Events, truth: NDArray[np.int8]) -> Iterator[tuple[str, str, str]]:
    """Compare plain prints with the quote that stood before them."""
    order = np.lexsort((np.arange(len(events)), events["cid"]))
    sorted_events = events[order]
    is_quote = sorted_events["kind"] == QUOTE
    last = np.maximum.accumulate(np.where(is_quote, np.arange(len(order)), -1))
    plain = (sorted_events["kind"] == TRADE) & np.isin(sorted_events["cond"], (209, 219)) & (last >= 0)
    plain &= sorted_events["cid"][last] == sorted_events["cid"]
    quote, trade = sorted_events[last[plain]], sorted_events[plain]
    wide = (quote["p2"] - quote["p1"] >= 200) & (quote["p1"] != MISSING)
    for name, hit, real in (
        ("at the ask", trade["p1"] == quote["p2"], "40% (assumed)"),
        ("at the bid", trade["p1"] == quote["p1"], "38% (assumed)"),
        ("inside", (trade["p1"] > quote["p1"]) & (trade["p1"] < quote["p2"]), "22% (assumed)"),
    ):
        yield f"prints {name}, spread of 2 ticks or more", f"{hit[wide].mean():.0%}", real
    age = np.median((trade["ts"] - quote["ts"]) / 1e9)
    yield "age of the prevailing quote, s, median", f"{age:.2f}", "0.7"
    guess = np.sign(2 * trade["p1"].astype(np.int64) - quote["p1"] - quote["p2"])
    true = truth[order][plain]
    judged = (guess != 0) & (true != 0)
    yield "quote rule right, of what it judges", f"{(guess == true)[judged].mean():.0%}", "60-83% (published)"
    alone = (quote["s1"] != quote["s2"]) & (true != 0)
    of_bid, of_ask = alone & (trade["s1"] == quote["s1"]), alone & (trade["s1"] == quote["s2"])
    judged, guess = of_bid | of_ask, np.where(of_bid, 1, -1)
    yield "prints of the size of one quoted side", f"{judged.mean():.0%}", "22% (published)"
    yield "  rule by size of the trade right", f"{(guess == true)[judged].mean():.0%}", "80% (published)"


def _sizes(prints: Events) -> Iterator[tuple[str, str, str]]:
    size = prints["s1"]
    yield "lots of a print: median, mean", f"{np.median(size):.0f}, {size.mean():.1f}", "2-3, 7"
    yield "prints of 100 lots and more", f"{(size >= 100).mean():.2%}", "a tail (assumed)"
    dollars = size * (prints["p1"] / _CENT)
    yield (
        "prints of 500 lots or $250,000",
        f"{((size >= 500) | (dollars >= 250_000)).sum()}",
        "a tail (assumed)",
    )
    multi = (prints["cond"] >= _MULTI[0]) & (prints["cond"] <= _MULTI[1])
    yield "multi-leg prints", f"{multi.mean():.0%}", "10-15% (assumed)"


def _pace(tape: SimTape, prints: Events) -> Iterator[tuple[str, str, str]]:
    minute = (prints["ts"] - tape.info.session.open_ns) // (60 * 10**9)
    volume = np.bincount(minute, prints["s1"], 405)
    noon = volume[195:225].mean()
    for name, low, high, real in (
        ("09:30-10:15", 0, 45, "10.3 / 5.0"),
        ("15:45-16:00", 375, 390, "8.1 / 5.0"),
        ("last minute", 389, 390, "15 / 5.0"),
    ):
        wanted = float(real.split("/")[0]) / 5.0
        yield f"pace {name} against noon", f"{volume[low:high].mean() / noon:.1f}", f"{wanted:.1f}"


def main() -> None:
    """Print the table."""
    for figure, simulated, real in rows():
        print(f"{figure:<46} {simulated:>12}   {real}")


if __name__ == "__main__":
    main()
