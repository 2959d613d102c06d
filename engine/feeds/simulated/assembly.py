"""How a day's world comes about from date, symbol and seed.

Owns the order in which path, strikes, smile, plan, feed gap and planted anomalies are drawn and put together.
It draws no event.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import Session, close_ns, expirations, previous_session, session, sessions, settle_ns
from ...model.underlyings import Underlying
from . import plan
from .draw import key_of, log, unit_at
from .path import NODES_PER_SECOND, Path, build
from .plants import plant, quote_often
from .profiles import DayParams, SymbolProfile
from .smile import POINTS
from .world import CHUNK_NS, CHUNK_SECONDS, NODE, PLANT, RULE, SMILE, STRIKE, Rows, World

_NS = 1_000_000_000
_FULL_DAY_MINUTES = 390
_NIGHT_VARIANCE = 1.9
_SKEW, _CURVE, _BREADTH = (-0.055, -0.07, -0.08), (0.016, 0.018, 0.018), (1.0, 1.4, 1.8)


def assemble(
    u: Underlying, profile: SymbolProfile, params: DayParams, day: date, seed: int, planted: bool
) -> tuple[World, NDArray[np.int64]]:
    """Return everything about the day that is not drawn chunk by chunk, and its strikes in 1/1000 $."""
    hours, key = session(day), np.uint64(key_of(seed, u.symbol, day))
    regular, seconds = (hours.close_ns - hours.open_ns) // _NS, (close_ns(u, day) - hours.open_ns) // _NS
    expiries = expirations(u, day, len(params.expiry_share))
    path = build(profile, day, previous_session(day), seed, regular, seconds)
    milli = _strikes(u, profile, path.previous_close)
    settle = np.array([settle_ns(u, u.roots[0], expiry) for expiry in expiries], np.int64)
    listing = plan.Listing(
        strike=milli / 1000.0,
        steps=milli // u.increment_milli,
        last_chunk=np.minimum((settle - hours.open_ns) // CHUNK_NS, seconds // CHUNK_SECONDS),
        previous_close=path.previous_close,
    )
    minutes = (regular // CHUNK_SECONDS, seconds // CHUNK_SECONDS)
    quotes, orders, open_interest = plan.draw(profile, params, path.spot, listing, minutes, key)
    world = World(
        key=key,
        open_ns=hours.open_ns,
        node=_nodes(path),
        sd=_deviations(path, profile, day, expiries),
        smile=_smile(settle),
        strike=_strike_rows(listing.strike),
        quotes=quotes,
        orders=orders,
        open_interest=open_interest,
        exchanges=np.array(profile.exchanges, np.int64),
        plants=np.empty(0, PLANT),
        first=np.full(len(expiries) * len(milli) * 2, -1, np.int64),
        rule=_rule(profile, params, path, *_gap(key, hours, regular)),
    )
    return (_planted(world, params, regular) if planted else world), milli


def _strikes(u: Underlying, profile: SymbolProfile, centre: float) -> NDArray[np.int64]:
    """Return the listed strikes around a level, 1/1000 $."""
    middle = int(np.floor(centre * 1000.0 / u.increment_milli + 0.5))
    steps = np.arange(middle - profile.strikes, middle + profile.strikes + 1)
    return steps.astype(np.int64) * u.increment_milli


def _strike_rows(strike: NDArray[np.float64]) -> Rows:
    rows = np.empty(len(strike), STRIKE)
    rows["price"] = strike
    rows["log"] = [log(price) for price in strike.tolist()]
    return rows


def _nodes(path: Path) -> Rows:
    rows = np.empty(len(path.spot), NODE)
    for name in ("spot", "log_spot", "stress", "jumped"):
        rows[name] = getattr(path, name)
    return rows


def _smile(settle: NDArray[np.int64]) -> Rows:
    rows = np.empty(len(settle), SMILE)
    for name, values in (("skew", _SKEW), ("curve", _CURVE), ("breadth", _BREADTH)):
        rows[name] = values[: len(settle)]
    rows["settle"] = settle
    return rows


def _deviations(path: Path, profile: SymbolProfile, day: date, expiries: list[date]) -> NDArray[np.float64]:
    """Return each expiration's standard deviation of the log return, (expiries, seconds + 1)."""
    ahead = np.array([len(sessions(day, expiry)) - 1 for expiry in expiries], np.float64)
    more = ahead * _NIGHT_VARIANCE * profile.daily_sd**2
    seconds = len(path.spot) // NODES_PER_SECOND
    left = np.pad(path.variance_left, (0, seconds + 1 - len(path.variance_left)), mode="edge")
    return np.asarray(np.sqrt(left[None, :] + more[:, None]))


def _gap(key: np.uint64, hours: Session, regular: int) -> tuple[int, int]:
    """Return the feed gap, ns: some seconds in the middle of the day, inside one minute."""
    minute = int(regular // CHUNK_SECONDS * (0.42 + 0.12 * unit_at(key, 13 << 40)))
    start = hours.open_ns + minute * CHUNK_NS + 25 * _NS
    return start, start + int(3000.0 + 4000.0 * unit_at(key, 14 << 40)) * 1_000_000


def _rule(profile: SymbolProfile, params: DayParams, path: Path, gap_start: int, gap_end: int) -> Rows:
    """Gather the day's single numbers from wherever they are named."""
    own = {
        "previous_close": int(path.previous_close * 100.0 + 0.5) * 100,
        "gap_start": gap_start,
        "gap_end": gap_end,
        "scale": path.previous_close / POINTS,
    }
    rule = np.zeros(1, RULE)
    for name in RULE.names or ():
        rule[name] = own[name] if name in own else getattr(profile, name, None) or getattr(params, name)
    return rule


def _planted(world: World, params: DayParams, regular: int) -> World:
    """Return the world with its anomalies planted."""
    count = max(1, params.plants * regular // CHUNK_SECONDS // _FULL_DAY_MINUTES)
    plants, first = plant(world, count)
    quote_often(world, plants)
    return world._replace(plants=plants, first=first)
