"""`levels` at a moment is the view of that moment, bit for bit: there is one valuation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pytest

from engine.analytics.exposure_choice import CONVENTIONS, SCOPES, ExposureChoice
from engine.analytics.greeks import greeks, years
from engine.analytics.key_levels import Levels
from engine.analytics.option_chain import Chosen
from engine.analytics.terms import Terms
from engine.feeds.simulated import SimulatedSource
from engine.model.calendar import parse_time, session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.errors import NoDataError
from engine.model.events import NS, OI, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.tape.tape import TapeInfo
from engine.views.levels import levels_of
from engine.views.projection import PlaybackState
from engine.views.view import View

DAY = date(2025, 12, 16)
THURSDAY, FRIDAY, MONDAY = date(2025, 12, 18), date(2025, 12, 19), date(2025, 12, 22)
SPX = underlying("SPX")
PLAYING = PlaybackState(1, 1, "memory", (), "REPLAY", False, 1.0, 0.0, ())
CHOICES = [
    *(ExposureChoice().with_convention(each) for each in CONVENTIONS),
    ExposureChoice("assumed", "volume"),
]
Case = tuple[SymbolDay, str, ExposureChoice, date | None]


class MorningAndEvening:
    """SPX around its third Friday: SPX settles in the morning, SPXW in the evening, more on Monday.

    The two do not list the same strikes, far strikes are offered only, and some have no open interest.
    """

    def __init__(self, day: date, *moments: tuple[str, float]) -> None:
        self.info = TapeInfo("SPX", SPX, day, session(day), "memory", "REPLAY", "tape", 500)
        self.contracts = ContractTable(
            Contract(root, day, right, strike * 1000)
            for right in "PC"
            for root, day, strikes in (
                ("SPX", FRIDAY, range(6700, 6900, 25)),
                ("SPXW", FRIDAY, range(6760, 6850, 5)),
                ("SPXW", MONDAY, range(6740, 6880, 10)),
            )
            for strike in strikes
        )
        self._events = np.concatenate([*self._told(day, moments)])
        self.starts = self._events["ts"][:1].astype(np.int64)
        self.end_ns = session(day).close_ns

    def read(self, chunk: int) -> Events:
        return self._events

    def _told(self, day: date, moments: Iterable[tuple[str, float]]) -> Iterator[Events]:
        rng = np.random.default_rng(7)
        for clock, spot in moments:
            at_ns = parse_time(clock, day)
            yield event(SPOT, 0, at_ns, p1=to_price(spot))
            for cid, each in enumerate(self.contracts, 1):
                settle = settle_ns(SPX, each.root, each.expiry)
                if settle <= at_ns:
                    continue
                cp, left = (1.0 if each.right == "C" else -1.0), years(settle, at_ns)
                iv = 0.16 + 0.4 * (each.strike / spot - 1) ** 2
                fair = float(greeks(spot, each.strike, left, 0.05, 0.013, iv, cp).price[0])
                bid, ask = max(fair - rng.uniform(0.02, 0.1), 0.0), fair + rng.uniform(0.02, 0.1)
                if rng.random() < 0.9:
                    yield event(OI, cid, at_ns, s1=int(rng.integers(0, 4000)))
                yield event(QUOTE, cid, at_ns + NS, p1=to_price(bid), p2=to_price(ask), s1=5, s2=5)
                if rng.random() < 0.5:
                    yield event(TRADE, cid, at_ns + 2 * NS, p1=to_price(ask), s1=int(rng.integers(1, 90)))


def event(kind: int, cid: int, at_ns: int, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["cid"], made["ts"] = kind, cid, at_ns
    for column, number in columns.items():
        made[column] = number
    return made


@pytest.fixture(scope="module")
def days() -> dict[str, SymbolDay]:
    tapes = {symbol: SimulatedSource(DAY).open(symbol) for symbol in ("SPY", "SPX", "DIA")}
    opened = {symbol: open_symbol_day(tape, PlayerParams()) for symbol, tape in tapes.items()}
    opened["DIA, dividend"] = open_symbol_day(tapes["DIA"], PlayerParams(dividend=0.02))
    moments = (("09:15", 6803.2), ("09:30:30", 6804.1), ("10:30", 6811.7))
    opened |= {
        f"SPX, {day:%A}": open_symbol_day(MorningAndEvening(day, *moments), PlayerParams())
        for day in (THURSDAY, FRIDAY)
    }
    return opened


def both(
    day: SymbolDay, choice: ExposureChoice, expiry: date | None, at: Chosen, dividend: float | None
) -> tuple[View, Levels]:
    """The view at the playhead, and the levels of its state."""
    view, timeline = day.projector.project(PLAYING, expiry, choice), day.timeline
    terms = Terms(rate=0.04, dividend=dividend)
    return view, levels_of(timeline.state, timeline.tape, terms, view.tape_ns, at, choice)


def check(view: View, levels: Levels) -> None:
    """Compare everything that both say."""
    gamma, found, flip = view.gamma, levels.exposure, levels.exposure.zero_gamma
    assert view.spot / 10_000 == levels.terms.spot
    assert (gamma.net, gamma.call, gamma.put, gamma.gross) == (
        found.total_net, found.total_call, found.total_put, found.total_gross,
    )  # fmt: skip
    assert (gamma.call_wall, gamma.put_wall, gamma.max_gex_strike) == (
        found.call_wall, found.put_wall, found.max_gex_strike,
    )  # fmt: skip
    assert (gamma.zero_gamma, gamma.zero_gamma_roots) == (flip.headline, flip.roots)
    assert gamma.zero_gamma_reason == flip.reason
    assert view.chain.max_pain_all == levels.max_pain
    assert (view.chain.pcr_volume, view.chain.pcr_oi) == (levels.pcr_volume, levels.pcr_oi)
    shown = next((each for each in levels.settlements if each.expiry == view.expiry), None)
    if shown is not None:
        assert (gamma.max_pain, gamma.expected_move) == (shown.max_pain, shown.expected_move)
    by_expiry: dict[date, list[float]] = {}
    for each in levels.settlements:
        by_expiry.setdefault(each.expiry, []).extend([] if each.net is None else [each.net])
    assert gamma.summed == tuple(by_expiry)
    assert [each.net["gamma"] for each in gamma.by_expiry] == [
        float(np.array(nets).sum()) if nets else None for nets in by_expiry.values()
    ]
    rows = np.flatnonzero(np.isin(found.strikes, view.strike_milli / 1000))
    at = np.searchsorted(view.strike_milli / 1000, found.strikes[rows])
    assert rows.size
    for name in ("call", "put", "net", "gross"):
        shown_ = getattr(view.exposures["gamma"], name)[at]
        np.testing.assert_array_equal(shown_, getattr(found, name)[rows], err_msg=name)


MOMENTS = ("09:31", "10:30", "13:07:41", "15:59:30", "16:05")


@pytest.mark.parametrize("symbol", ["SPY", "SPX", "DIA", "DIA, dividend"])
@pytest.mark.parametrize("clock", MOMENTS)
def test_of_a_simulated_day_they_say_the_same(days: dict[str, SymbolDay], symbol: str, clock: str) -> None:
    day = days[symbol]
    day.timeline.seek(parse_time(clock, DAY))
    dividend = 0.02 if "dividend" in symbol else None
    for choice in CHOICES:
        shown = day.projector.project(PLAYING).expiry
        check(*both(day, choice, None, shown, dividend))
        for scope in ("several", "all"):  # a simulated day lists what is watched, and no more
            check(*both(day, choice.with_scope(scope), None, "all", dividend))


@pytest.mark.parametrize(("day", "roots"), [(THURSDAY, ["SPXW", "SPX"]), (FRIDAY, ["SPXW"])])
@pytest.mark.parametrize("clock", ["09:31", "10:45"])
@pytest.mark.parametrize("scope", SCOPES)
def test_of_a_date_that_settles_twice_they_say_the_same(
    days: dict[str, SymbolDay], day: date, roots: list[str], clock: str, scope: str
) -> None:
    shown = days[f"SPX, {day:%A}"]
    shown.timeline.seek(parse_time(clock, day))
    for choice in CHOICES:
        among = FRIDAY if scope == "one" else "all"
        view, levels = both(shown, choice.with_scope(scope), None, among, None)
        assert [each.root for each in levels.settlements if each.expiry == FRIDAY] == roots
        check(view, levels)


def test_another_expiration_than_the_nearest_has_its_own(days: dict[str, SymbolDay]) -> None:
    day = days["SPY"]
    day.timeline.seek(parse_time("11:00", DAY))
    for expiry in day.projector.expiries:
        view, levels = both(day, ExposureChoice(), expiry, expiry, None)
        assert view.gamma.summed == (expiry,)
        check(view, levels)


def test_legs_are_what_their_contracts_are_in_the_levels(days: dict[str, SymbolDay]) -> None:
    day = days["SPX"]
    day.timeline.seek(parse_time("12:00", DAY))
    view, levels = both(day, ExposureChoice(), None, day.projector.expiries[0], None)
    row = {each: i for i, each in enumerate(levels.chain.contracts)}
    compared = 0
    for leg in (view.call, view.put):
        for k, cid in enumerate(leg.cid.tolist()):
            i = row[day.timeline.contracts[cid]]
            np.testing.assert_equal(leg.iv[k], levels.of.iv[i])
            np.testing.assert_equal(leg.gamma[k], levels.exposure.greeks.gamma[i])
            np.testing.assert_equal(leg.gex[k], levels.dealers.shares[i])
            compared += int(np.isfinite(leg.gex[k]))
    assert compared > 30


def test_before_the_first_spot_there_is_one_sentence_and_an_empty_view() -> None:
    day = open_symbol_day(MorningAndEvening(THURSDAY, ("10:30", 6811.7)), PlayerParams())
    view = day.projector.project(PLAYING)
    with pytest.raises(NoDataError, match="SPX has no spot yet"):
        levels_of(day.timeline.state, day.timeline.tape, Terms(), view.tape_ns)
    assert (view.gamma.net, view.gamma.missing_reason) == (None, "no spot yet")
