"""Spread tightening: a quote much narrower than the median of the last minutes, in ticks, that holds."""

from __future__ import annotations

from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import NS, PRICE_SCALE
from ..thresholds import threshold
from ..volatility import tick_of, two_sided
from .catalogue import number_of
from .firing import fire, is_muted, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

SPREAD_TIGHTENING = number_of("spread_tightening")

RECENT_MINUTES = 15
"""Length of the spread baseline, minutes."""

MINUTE_NS = 60 * NS


@dataclass(frozen=True, slots=True)
class SpreadTighteningParams:
    """The rule's thresholds."""

    ticks: float = threshold(4.0, "ticks", "least width of the median spread")
    ratio: float = threshold(0.5, "share", "largest spread, as a share of the median spread")
    hold_s: float = threshold(3.0, "s", "least time for which the spread has been narrow", zero=True)
    hold_quotes: int = threshold(5, "quotes", "least number of quotes in a row that were narrow")
    size: int = threshold(20, "contracts", "least size on the bid and on the ask", zero=True)
    minutes: int = threshold(5, "minutes", "whole minutes that the baseline needs", zero=True)
    jump_s: float = threshold(2.0, "s", "silence after a jump of the spot (jump_bp)", zero=True)
    half: float = threshold(2.0, "times", "median over current spread of strength 0.5")


EVIDENCE = (
    EvidenceColumn("narrower", "times", "median over current spread (seed: in percent of the mid)"),
    EvidenceColumn("spread_usd", "$", "current spread"),
    EvidenceColumn("median_spread_usd", "$", "median of the last minutes' mean spreads"),
    EvidenceColumn("bid_size", "contracts", "on the bid"),
    EvidenceColumn("ask_size", "contracts", "on the ask"),
    EvidenceColumn("held_s", "s", "since it became narrow"),
    EvidenceColumn("quotes", "quotes", "in a row that were narrow"),
    EvidenceColumn("spread_percent", "%", "current spread, of the mid"),
    EvidenceColumn("usual_spread_percent", "%", "mean spread of the last minutes, of the mid"),
    EvidenceColumn("tick_usd", "$", "price step of the contract"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def median_of(values, n):
    """Return the lower median of the first `n` values: the smallest that half of them do not exceed."""
    half = (n + 1) // 2
    best = values[0]
    found = False
    for i in range(n):
        below = 0
        for j in range(n):
            below += values[j] <= values[i]
        if below >= half and (not found or values[i] < best):
            best = values[i]
            found = True
    return best


@njit(**JIT)
def roll_minute(now, cell):
    """Close the running minute's time-weighted spread into the baseline."""
    spreads = cell.spreads
    mids = cell.mids
    if cell.spread_time > 0:
        slot = cell.spread_minutes % RECENT_MINUTES
        spreads[slot] = cell.spread_area // cell.spread_time
        mids[slot] = cell.mid_area // cell.spread_time
        cell.spread_minutes += 1
        n = min(cell.spread_minutes, RECENT_MINUTES)
        cell.spread_median = median_of(spreads, n)
        spread = 0
        level = 0
        for i in range(n):
            spread += spreads[i]
            level += mids[i]
        cell.spread_percent = 100.0 * spread / level if level > 0 else 0.0
    cell.minute_end = (now // MINUTE_NS + 1) * MINUTE_NS
    cell.spread_time = 0
    cell.spread_area = 0
    cell.mid_area = 0


@njit(**JIT)
def weigh_spread(now, cell):
    """Count the standing quote's spread for as long as it stood, before a new quote replaces it."""
    if two_sided(cell):
        # A quote that stands for long counts for a minute at most: nobody was quoting.
        stood = min(now - cell.quote_ts, MINUTE_NS) >> 10
        cell.spread_time += stood
        cell.spread_area += stood * (cell.ask - cell.bid)
        cell.mid_area += stood * ((cell.ask + cell.bid) >> 1)
    if now >= cell.minute_end:
        roll_minute(now, cell)


@njit(**JIT)
def spread_is_tight(cell, static, p):
    """Return how many times narrower than its baseline the quote is, or 0 when that means nothing."""
    if not two_sided(cell) or cell.spread_minutes < p.spread_minutes:
        return 0.0
    spread = cell.ask - cell.bid
    if p.seed > 0:
        percent = 200.0 * spread / (cell.ask + cell.bid)
        return cell.spread_percent / percent
    if cell.spread_median < p.spread_ticks * tick_of(cell, static):
        return 0.0
    if cell.bid_size < p.spread_size or cell.ask_size < p.spread_size:
        return 0.0
    return cell.spread_median / spread


@njit(**JIT)
def judge_spread(now, cid, cell, static, forward, under, sig, p):
    """Judge the new quote's spread against the median of the minutes before."""
    narrower = spread_is_tight(cell, static, p)
    if narrower < 1.0 / p.spread_ratio:
        cell.tight_quotes = 0
        if narrower < p.rearm / p.spread_ratio:
            rearm(cell, SPREAD_TIGHTENING)
        return False
    if cell.tight_quotes == 0:
        cell.tight_since = now
    cell.tight_quotes += 1
    if is_muted(now, under, p):
        return False
    held = (now - cell.tight_since) / NS
    if p.seed == 0:
        if held < p.spread_hold_s or cell.tight_quotes < p.spread_hold_quotes:
            return False
        if forward.jump_ts > 0 and now - forward.jump_ts < p.spread_jump_s * NS:
            return False
    least = 1.0 / p.spread_ratio
    if not fire(now, cid, SPREAD_TIGHTENING, 0, narrower, least, p.spread_half, cell, static, under, sig, p):
        return False
    row = sig.evidence
    row[AT.narrower] = narrower
    row[AT.spread_usd] = (cell.ask - cell.bid) / PRICE_SCALE
    row[AT.median_spread_usd] = cell.spread_median / PRICE_SCALE
    row[AT.bid_size], row[AT.ask_size] = cell.bid_size, cell.ask_size
    row[AT.held_s], row[AT.quotes] = held, cell.tight_quotes
    row[AT.spread_percent] = 200.0 * (cell.ask - cell.bid) / (cell.ask + cell.bid)
    row[AT.usual_spread_percent] = cell.spread_percent
    row[AT.tick_usd] = tick_of(cell, static) / PRICE_SCALE
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return (
        f"spread {n['spread_usd']:.2f} against a median of {n['median_spread_usd']:.2f}, "
        f"{n['bid_size']:.0f} x {n['ask_size']:.0f} on it, held {n['held_s']:.1f} s"
    )


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    sizes = f"size {n['bid_size']:.0f}x{n['ask_size']:.0f}"
    return f"{brief(n)} of the usual spread  {sizes}  held {n['held_s']:.1f}s"


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    usual, now = n["median_spread_usd"], n["spread_usd"]
    share = f" ({now / usual:.0%})" if usual > 0 else ""
    return f"{usual:.2f}→{now:.2f}{share}"


def decide(n: Numbers, p: SpreadTighteningParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    if seed:
        narrower = n["usual_spread_percent"] / n["spread_percent"]
        return (narrower, p.half) if reaches(narrower, 1 / p.ratio) else None
    narrower = n["median_spread_usd"] / n["spread_usd"]
    wide = reaches(n["median_spread_usd"], p.ticks * n["tick_usd"])
    held = n["held_s"] >= p.hold_s and n["quotes"] >= p.hold_quotes
    deep = min(n["bid_size"], n["ask_size"]) >= p.size
    found = wide and held and deep and reaches(narrower, 1 / p.ratio)
    return (narrower, p.half) if found else None


RULE = RuleSpec(
    name="spread_tightening",
    number=SPREAD_TIGHTENING,
    version=2,
    about="contract",
    prefix="spread_",
    fires=(
        "A quote is much narrower than the median of the last 15 minutes, with size on both sides, and stays "
        "so: spread / median is at most ratio, where the median is at least ticks wide."
    ),
    evidence=EVIDENCE,
    default=SpreadTighteningParams(),
    seed=SpreadTighteningParams(half=4.0 / 3.0),
    label="spread",
    tag="SPREAD",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("spread tight",) * 3,
    leans=False,
)
