from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from math import isnan, nan, pi

import numpy as np
import pytest

from engine.analytics.chain_stats import expected_move, max_pain
from engine.analytics.exposure import Book, exposure
from engine.analytics.forward import implied_forward
from engine.analytics.greeks import greeks, years
from engine.feeds.simulated import SimulatedSource
from engine.fold.conditions import CANCEL, label
from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.fold.trade_side import METHOD_NAMES, treatment
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.events import (
    FMV,
    GAP,
    MISSING,
    NS,
    OI,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    Events,
    empty_events,
    to_price,
)
from engine.model.underlyings import underlying
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.tape.tape import TapeInfo
from engine.tape.timeline import Timeline
from engine.views.detail import DETAIL_PRINTS
from engine.views.projection import PlaybackState
from engine.views.view import Detail, View

DAY, NEXT = date(2025, 12, 16), date(2025, 12, 17)
HOURS = session(DAY)
OPEN, CLOSE = HOURS.open_ns, HOURS.close_ns
FOLD = FoldParams()
PLAYING = PlaybackState(3, 5, "memory", ("SPY", "QQQ"), "REPLAY", False, 10.0, 1234.5, ("a note",))
NAMES = tuple(f"{strike}{right}" for strike in range(676, 689) for right in "CP")


class MemoryTape:
    """Hand-made events of one SPY day in a single chunk; the first expiration lists 689C without a put."""

    def __init__(self, events: Events, expiries: Sequence[date] = (DAY, NEXT)) -> None:
        u = underlying("SPY")
        self.info = TapeInfo("SPY", u, DAY, HOURS, "memory", "REPLAY", "minute bars", 100)
        self.contracts = ContractTable(
            contract(name, expiry)
            for expiry in expiries
            for name in (*NAMES, *(("689C",) if expiry == DAY else ()))
        )
        self._events = events
        self.starts = np.array([events["ts"][0]]) if len(events) else np.zeros(0, np.int64)
        self.end_ns = int(events["ts"].max(initial=OPEN))

    def read(self, chunk: int) -> Events:
        return self._events


def contract(name: str, expiry: date = DAY) -> Contract:
    return Contract("SPY", expiry, name[-1], int(name[:-1]) * 1000)


LISTED = MemoryTape(empty_events(0)).contracts


def cid(name: str, expiry: date = DAY) -> int:
    found = LISTED.id_of(contract(name, expiry))
    assert found is not None
    return found


def event(kind: int, at_s: float, name: str = "", expiry: date = DAY, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["ts"] = kind, OPEN + int(at_s * NS)
    made["cid"] = cid(name, expiry) if name else 0
    for column, value in columns.items():
        made[column] = value
    return made


def spot(dollars: float, at_s: float = 0.5) -> Events:
    return event(SPOT, at_s, p1=to_price(dollars))


def quote(name: str, bid: float, ask: float, at_s: float = 1.0) -> Events:
    return event(QUOTE, at_s, name, p1=to_price(bid), p2=to_price(ask), s1=7, s2=9)


def trade(name: str, dollars: float, size: int, at_s: float = 2.0, cond: int = 0) -> Events:
    return event(TRADE, at_s, name, p1=to_price(dollars), s1=size, cond=cond)


def oi(name: str, held: int) -> Events:
    return event(OI, -5, name, s1=held)


def opened(
    *events: Events, fold: FoldParams = FOLD, strikes: int = 25, expiry: str | int | date = 3
) -> SymbolDay:
    made = np.concatenate([empty_events(0), *events])
    tape = MemoryTape(made[np.argsort(made["ts"], kind="stable")])
    return open_symbol_day(tape, PlayerParams(fold=fold, strikes=strikes, expiry=expiry))


def at(slot: SymbolDay, seconds: float, expiry: date | None = None) -> View:
    slot.timeline.seek(OPEN + int(seconds * NS))
    return slot.projector.project(PLAYING, expiry)


def forward_of(view: View) -> float:
    """The forward that the shown quotes imply, $."""
    bid_ask = [
        tuple(np.where(each > 0, each / 10_000, nan) for each in (leg.bid, leg.ask))
        for leg in (view.call, view.put)
    ]
    left = years(view.settle_ns, view.tape_ns)
    told = implied_forward(view.strike_milli / 1000, *bid_ask, left, FOLD.rate)
    assert told.value is not None
    return told.value


def view_of(*events: Events, strikes: int = 25) -> View:
    """The view after the last event."""
    slot = opened(*events, strikes=strikes)
    slot.timeline.seek(slot.timeline.end_ns)
    return slot.projector.project(PLAYING)


def detail_of(name: str, *events: Events, at_s: float | None = None, fold: FoldParams = FOLD) -> Detail:
    slot = opened(*events, fold=fold)
    slot.timeline.seek(slot.timeline.end_ns if at_s is None else OPEN + int(at_s * NS))
    return slot.projector.detail(cid(name))


def chain(spot_usd: float = 682.0, sigma: float = 0.15, at_s: float = 1.0) -> list[Events]:
    """A whole quoted chain at one volatility, with open interest."""
    left = years(CLOSE, OPEN + int(at_s * NS))
    made = [spot(spot_usd, at_s - 0.5)]
    for i, name in enumerate(NAMES):
        strike, cp = float(name[:-1]), 1.0 if name[-1] == "C" else -1.0
        fair = greeks(spot_usd, strike, left, FOLD.rate, FOLD.dividend, sigma, cp).price[0]
        made.append(quote(name, fair - 0.01, fair + 0.01, at_s))
        made.append(oi(name, 100 + 37 * (i * i % 11)))
    return made


def row(view: View, strike: int) -> int:
    return view.strike_milli.tolist().index(strike * 1000)


class TestMissing:
    def test_before_the_first_event_nothing_is_known(self) -> None:
        view = view_of()
        assert (view.spot, view.prev_close, view.atm) == (MISSING, MISSING, -1)
        assert set(view.call.bid.tolist()) == {MISSING}
        assert np.isnan(view.call.iv).all()
        assert view.counts.events == 0

    def test_without_a_spot_there_are_no_greeks_and_no_exposure(self) -> None:
        view = view_of(oi("684C", 100), quote("684C", 1.0, 1.02), event(PREV_CLOSE, -5, p1=to_price(680)))
        assert (view.spot, view.prev_close, view.atm) == (MISSING, to_price(680), -1)
        assert view.call.bid[row(view, 684)] == 10_000
        assert np.isnan([view.call.iv, view.call.delta, view.call.gex]).all()
        assert (view.gamma.net, view.gamma.gross, view.gamma.call_wall, view.gamma.expected_move) == (
            None,
        ) * 4
        assert view.gamma.missing_reason == view.gamma.zero_gamma_reason == "no spot yet"

    def test_without_open_interest_there_is_no_exposure_but_there_are_greeks(self) -> None:
        view = view_of(*(each for each in chain() if each["kind"][0] != OI))
        assert np.isfinite(view.call.gamma[row(view, 684)])
        assert np.isnan(view.call.gex).all()
        gamma = view.gamma
        assert (gamma.net, gamma.call, gamma.put, gamma.gross) == (None,) * 4
        assert (gamma.call_wall, gamma.put_wall, gamma.max_gex_strike, gamma.max_pain) == (None,) * 4
        assert (gamma.zero_gamma, gamma.zero_gamma_roots) == (None, ())
        assert gamma.missing_reason == gamma.zero_gamma_reason == "no open interest"
        assert gamma.expected_move is not None

    def test_without_quotes_there_is_no_exposure_but_there_is_a_max_pain(self) -> None:
        view = view_of(*(each for each in chain() if each["kind"][0] != QUOTE))
        assert np.isnan(view.put.gex).all()
        assert (view.gamma.net, view.gamma.zero_gamma, view.gamma.expected_move) == (None, None, None)
        assert view.gamma.missing_reason == "no volatility yet"
        assert view.gamma.max_pain is not None

    @pytest.mark.parametrize(("bid", "ask"), [(0.0, 1.02), (nan, 1.02), (1.00, nan)])
    def test_a_one_sided_quote_is_shown_as_it_is_and_measures_nothing(self, bid: float, ask: float) -> None:
        view = view_of(spot(682), quote("684C", bid, ask))
        i = row(view, 684)
        assert (view.call.bid[i], view.call.ask[i]) == (to_price(bid), to_price(ask))
        assert np.isnan([view.call.iv[i], view.call.delta[i], view.put.iv[i]]).all()
        assert view.gamma.expected_move is None

    def test_a_right_that_is_not_listed_shows_nothing_of_others(self) -> None:
        busy = [quote("688P", 6.0, 6.1), trade("688P", 6.1, 5), trade("688P", 6.1, 5)]
        last = [event(TRADE, 2, "688P", NEXT, p1=70_000, s1=3)]  # of the table's last contract
        view = view_of(spot(682), *busy, *last)
        i = row(view, 689)
        assert (view.call.cid[i], view.put.cid[i]) == (cid("689C"), -1)
        assert (view.put.bid[i], view.put.last[i], view.put.oi[i], view.put.volume[i]) == (MISSING,) * 3 + (
            0,
        )


class TestWindow:
    def test_the_row_nearest_to_spot_is_at_the_money(self) -> None:
        view = view_of(spot(682.4), strikes=2)
        assert (view.strike_milli / 1000).tolist() == [680, 681, 682, 683, 684]
        assert view.atm == 2

    def test_it_moves_only_when_spot_has_clearly_left(self) -> None:
        slot = opened(spot(682.0, 1), spot(682.55, 2), spot(682.65, 3), spot(682.45, 4), strikes=2)
        middles = [int(v.strike_milli[v.atm]) // 1000 for v in (at(slot, s) for s in (1, 2, 3, 4))]
        assert middles == [682, 682, 683, 683]

    @pytest.mark.parametrize(
        ("dollars", "first", "last", "atm"), [(676.0, 676, 678, 0), (689.0, 687, 689, 2), (900, 687, 689, 2)]
    )
    def test_at_the_end_of_the_chain_it_is_cut_short(
        self, dollars: float, first: int, last: int, atm: int
    ) -> None:
        view = view_of(spot(dollars), strikes=2)
        assert (view.strike_milli[0], view.strike_milli[-1], view.atm) == (first * 1000, last * 1000, atm)

    def test_without_a_spot_the_middle_of_the_chain_is_shown(self) -> None:
        view = view_of(strikes=2)
        assert (view.strike_milli / 1000).tolist() == [681, 682, 683, 684, 685]
        assert view.atm == -1

    def test_going_back_before_the_first_spot_forgets_the_money(self) -> None:
        slot = opened(spot(678.0, 60), strikes=2)
        assert at(slot, 60).atm == 2
        assert at(slot, 10).atm == -1

    def test_every_column_has_the_window_s_rows(self) -> None:
        view = view_of(*chain(), strikes=3)
        assert {len(column) for column in (view.strike_milli, view.call.cid, view.put.gex, view.put.bid)} == {
            7
        }
        for leg, right in ((view.call, "C"), (view.put, "P")):
            assert [LISTED[int(i)].short for i in leg.cid] == [f"{k}{right}" for k in range(679, 686)]


class TestExpiration:
    def test_the_nearest_that_still_trades_is_shown(self) -> None:
        slot = opened(spot(682), spot(682, 6.6 * 3600))
        assert at(slot, 60).expiry == DAY
        assert at(slot, (CLOSE - OPEN) / NS - 1).expiry == DAY
        settled = at(slot, (CLOSE - OPEN) / NS)
        assert (settled.expiry, settled.expiries) == (NEXT, (DAY, NEXT))
        assert settled.settle_ns == session(NEXT).close_ns

    def test_going_back_shows_it_again(self) -> None:
        slot = opened(spot(682), spot(682, 6.6 * 3600))
        at(slot, 6.6 * 3600)
        assert at(slot, 60).expiry == DAY

    def test_one_that_was_asked_for_is_shown_even_when_it_has_settled(self) -> None:
        slot = opened(*chain(), spot(682, 6.6 * 3600))
        view = at(slot, 6.6 * 3600, DAY)
        assert view.expiry == DAY
        assert np.isnan(view.call.iv).all()
        assert set(view.call.gamma.tolist()) == {0.0}
        assert view.gamma.net is None
        assert view.gamma.missing_reason == "expired"

    def test_the_last_one_stays_when_all_have_settled(self) -> None:
        slot = opened(spot(682), spot(682, 6.6 * 3600), expiry="0dte")
        assert at(slot, 6.6 * 3600).expiry == DAY

    def test_only_the_chosen_ones_are_there(self) -> None:
        assert at(opened(spot(682), expiry=NEXT), 1).expiries == (NEXT,)


class TestVolatilityAndExposure:
    def test_both_rights_of_a_strike_share_the_volatility(self) -> None:
        view = view_of(*chain(sigma=0.15))
        listed = view.put.cid >= 0
        assert np.array_equal(view.call.iv[listed], view.put.iv[listed])
        assert view.call.iv[listed] == pytest.approx(0.15, rel=2e-3)

    def test_delta_of_call_and_put_are_one_apart(self) -> None:
        view = view_of(*chain())
        listed = view.put.cid >= 0
        apart = (view.call.delta - view.put.delta)[listed]
        assert apart == pytest.approx(apart[0], abs=1e-12)  # the forward discounted, over spot
        assert apart[0] == pytest.approx(1.0, abs=1e-6)

    @staticmethod
    def check(view: View) -> None:
        """Compare with `engine.analytics.exposure` on a book made from the view's own columns."""
        sides = ((view.call, 1.0), (view.put, -1.0))
        kept = [leg.cid >= 0 for leg, _ in sides]
        strike = view.strike_milli / 1000
        left = years(view.settle_ns, view.tape_ns)
        held = [np.where(leg.oi == MISSING, nan, leg.oi) for leg, _ in sides]
        forward, n = forward_of(view), sum(k.sum() for k in kept)
        used = [np.where(np.isnan(leg.gex) & (leg.oi != 0), nan, leg.iv) for leg, _ in sides]
        book = Book(
            strike=np.concatenate([strike[k] for k in kept]),
            sign=np.concatenate([np.full(k.sum(), sign) for k, (_, sign) in zip(kept, sides, strict=True)]),
            years=np.full(n, left),
            iv=np.concatenate([iv[k] for k, iv in zip(kept, used, strict=True)]),
            weight=np.concatenate([h[k] for k, h in zip(kept, held, strict=True)]),
            multiplier=100.0,
            forward=np.full(n, forward),
        )
        found, gamma = exposure(book, view.spot / 10_000, FOLD.rate), view.gamma
        totals = (gamma.net, gamma.call, gamma.put, gamma.gross)
        expected = (found.total_net, found.total_call, found.total_put, found.total_gross)
        assert totals == pytest.approx(expected, abs=1e-12 * found.total_gross)
        assert (gamma.call_wall, gamma.put_wall) == (found.call_wall, found.put_wall)
        assert gamma.max_gex_strike == found.max_gex_strike
        assert gamma.zero_gamma_roots == pytest.approx(found.zero_gamma.roots, abs=1e-9)
        assert gamma.zero_gamma == pytest.approx(found.zero_gamma.headline, abs=1e-9)
        assert gamma.zero_gamma_reason == found.zero_gamma.reason
        assert gamma.max_pain == max_pain(strike, *held)
        assert np.nansum(view.call.gex) == pytest.approx(found.total_call, rel=1e-12)
        assert np.nansum(view.put.gex) == pytest.approx(found.total_put, rel=1e-12)

    def test_exposure_is_that_of_the_shown_book(self) -> None:
        view = view_of(*chain())
        assert view.gamma.net is not None
        assert view.gamma.missing_reason == ""
        self.check(view)

    def test_it_is_also_when_a_part_of_it_is_unknown(self) -> None:
        silent = {cid("684C"), cid("679P"), cid("680P")}
        view = view_of(*(e for e in chain() if e["cid"][0] not in silent))
        assert view.gamma.net is not None
        self.check(view)

    def test_it_covers_the_whole_chain_and_not_only_the_rows_shown(self) -> None:
        assert view_of(*chain(), strikes=2).gamma == view_of(*chain()).gamma

    def test_expected_move_is_the_straddle_at_the_forward(self) -> None:
        view = view_of(*chain(spot_usd=682.4))
        strike = view.strike_milli / 1000
        call, put = ((leg.bid + leg.ask) / 20_000 for leg in (view.call, view.put))
        call, put = (np.where(mid > 0, mid, nan) for mid in (call, put))
        assert view.gamma.expected_move == expected_move(strike, call, put, forward_of(view))
        i = row(view, 682)
        assert view.gamma.expected_move == pytest.approx(call[i] + put[i])

    def test_sigma_of_the_remaining_move_is_the_volatility_at_the_money_over_the_time_left(self) -> None:
        view = view_of(*chain(sigma=0.15))
        left = years(view.settle_ns, view.tape_ns)
        assert view.chain.sigma_move == pytest.approx(682.0 * 0.15 * left**0.5, rel=0.02)
        # The straddle is the mean of that move without its sign.
        assert view.gamma.expected_move == pytest.approx(view.chain.sigma_move * (2 / pi) ** 0.5, rel=0.05)


class TestWhatTheTapeDoesNotKnow:
    def test_how_it_is_watched_is_handed_through(self) -> None:
        view = view_of(spot(682))
        assert (view.generation, view.version, view.symbols) == (3, 5, ("SPY", "QQQ"))
        assert (view.speed, view.paused, view.events_per_s, view.notes) == (10.0, False, 1234.5, ("a note",))

    def test_what_the_tape_says_of_itself_is_shown(self) -> None:
        view = view_of(spot(682))
        assert (view.symbol, view.source, view.day, view.spot_origin) == ("SPY", "memory", DAY, "minute bars")
        assert (view.multiplier, view.tick, view.spot) == (100, 100, to_price(682))

    def test_gaps_are_those_up_to_now(self) -> None:
        slot = opened(event(GAP, 100, s1=8_000), event(GAP, 200, s1=1_000))
        assert at(slot, 250).gaps[1] == (OPEN + 199 * NS, OPEN + 200 * NS)
        assert at(slot, 150).gaps == ((OPEN + 92 * NS, OPEN + 100 * NS),)
        assert at(slot, 50).gaps == ()


SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))


def divergence(name: str, at_s: float) -> list[Events]:
    """A fair value 18 % above the mid: the seed's rule fires."""
    return [quote(name, 1.0, 1.02, at_s), event(FMV, at_s + 0.5, name, p1=12_000)]


class TestSignals:
    def test_a_row_says_who_fired_and_by_which_numbers(self) -> None:
        slot = opened(spot(682), *divergence("684C", 5), fold=SEED)
        (signal,) = at(slot, 10).signals
        assert (signal.ts_ns, signal.contract, signal.cid) == (
            OPEN + 5_500_000_000,
            contract("684C"),
            cid("684C"),
        )
        assert (signal.rule, signal.direction) == ("fmv_divergence", "buy")
        assert (signal.version, signal.mid_after) == ("fmv_divergence/seed/2", 10_100)
        assert dict(signal.evidence)["fmv_usd"] == 1.2
        assert dict(signal.evidence)["percent"] == pytest.approx(18.81, abs=0.01)
        assert 0 < signal.strength < 1
        assert "1.20" in signal.reason

    def test_those_up_to_now_are_shown_whichever_way_one_went(self) -> None:
        slot = opened(spot(682), *divergence("684C", 5), *divergence("680P", 15), fold=SEED)
        shown = [[row.contract.short for row in at(slot, s).signals] for s in (20, 10, 1, 20)]
        assert shown == [["684C", "680P"], ["684C"], [], ["684C", "680P"]]

    def test_an_older_view_keeps_its_own_length(self) -> None:
        slot = opened(spot(682), *divergence("684C", 5), *divergence("680P", 15), fold=SEED)
        early = at(slot, 10)
        at(slot, 20)
        assert len(early.signals) == 1


class TestFlow:
    def test_nothing_traded_is_zero(self) -> None:
        flow = view_of(spot(682)).flow
        assert (flow.call_premium_usd, flow.put_premium_usd, flow.buy_volume) == (0, 0, 0)

    def test_sides_and_rights_are_kept_apart(self) -> None:
        flow = view_of(
            spot(682), quote("684C", 1.0, 1.02), quote("680P", 2.0, 2.02),
            trade("684C", 1.02, 10), trade("684C", 1.00, 4), trade("680P", 2.00, 5), trade("688C", 0.5, 3),
        ).flow  # fmt: skip
        assert flow.call_premium_usd == pytest.approx(1020 + 400 + 150)
        assert flow.put_premium_usd == pytest.approx(1000)
        assert flow.net_call_premium_usd == pytest.approx(1020 - 400)
        assert flow.net_put_premium_usd == pytest.approx(-1000)
        assert (flow.buy_volume, flow.sell_volume, flow.unclassified_volume) == (10, 9, 3)

    def test_a_cancel_takes_back_what_its_print_added(self) -> None:
        printed = [spot(682), quote("684C", 1.0, 1.02), trade("684C", 1.02, 10), trade("684C", 1.02, 7, 3)]
        gone = view_of(*printed, trade("684C", 1.02, 10, 4, cond=201))
        assert gone.flow.call_premium_usd == gone.flow.net_call_premium_usd == pytest.approx(714)
        assert (gone.flow.buy_volume, gone.call.volume.sum()) == (7, 7)
        assert (gone.counts.trades, gone.counts.cancels) == (3, 1)


class Ledger:
    """What a tape's trades add up to, kept in plain Python from the prints and the sides they were given."""

    def __init__(self, contracts: ContractTable) -> None:
        self._contracts = contracts
        self.premium: dict[str, int] = defaultdict(int)
        self.net: dict[str, int] = defaultdict(int)
        self.volume = {-1: 0, 0: 0, 1: 0}
        self._alive: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.unmatched = 0

    def add(self, event: np.void, side: int) -> None:
        price, size, who = int(event["p1"]), int(event["s1"]), int(event["cid"])
        alive = self._alive[who]
        if treatment(int(event["cond"])) != CANCEL:
            alive.append((price, size, side))
            self._book(who, price, size, side)
            return
        found = [one for one in alive[-8:] if one[:2] == (price, size)]
        if found:
            alive.remove(found[-1])
            self._book(who, price, -size, found[-1][2])
        else:
            self.unmatched += 1

    def _book(self, who: int, price: int, size: int, side: int) -> None:
        right = self._contracts[who].right
        self.premium[right] += price * size * 100
        self.net[right] += side * price * size * 100
        self.volume[side] += size


@pytest.fixture(scope="module")
def dia() -> SymbolDay:
    return open_symbol_day(SimulatedSource(DAY).open("DIA"), PlayerParams())


@pytest.fixture(scope="module")
def half_past_ten(dia: SymbolDay) -> tuple[Events, np.ndarray]:
    """The events of the first hour with their SIDE rows, by a fold of our own."""
    whole = Timeline(dia.timeline.tape, FOLD)
    pieces = list(whole.advance(OPEN + 3600 * NS))
    return np.concatenate([e for e, _ in pieces]), np.concatenate([s for _, s in pieces])


class TestARealisticDay:
    def test_exposure_is_that_of_the_shown_book(self, dia: SymbolDay) -> None:
        view = at(dia, 3600)
        assert view.gamma.net is not None
        TestVolatilityAndExposure.check(view)

    def test_flow_is_the_sum_over_the_tape_net_of_cancels(
        self, dia: SymbolDay, half_past_ten: tuple[Events, np.ndarray]
    ) -> None:
        events, sides = half_past_ten
        ledger = Ledger(dia.timeline.tape.contracts)
        trades = events["kind"] == TRADE
        for event_, side in zip(events[trades], sides[trades], strict=True):
            ledger.add(event_, int(side["side"]))
        view = at(dia, 3600)
        flow = view.flow
        assert view.counts.cancels > 0
        assert ledger.unmatched == 0
        assert flow.call_premium_usd == pytest.approx(ledger.premium["C"] / 10_000, rel=1e-12)
        assert flow.put_premium_usd == pytest.approx(ledger.premium["P"] / 10_000, rel=1e-12)
        assert flow.net_call_premium_usd == pytest.approx(ledger.net["C"] / 10_000, rel=1e-12)
        assert flow.net_put_premium_usd == pytest.approx(ledger.net["P"] / 10_000, rel=1e-12)
        assert (flow.buy_volume, flow.sell_volume) == (ledger.volume[1], ledger.volume[-1])
        assert flow.unclassified_volume == ledger.volume[0]

    def test_legs_add_up_to_the_flow(self, dia: SymbolDay) -> None:
        total = 0
        for expiry in dia.projector.expiries:
            view = at(dia, 3600, expiry)
            total += int(view.call.volume.sum() + view.put.volume.sum())
        flow = view.flow
        assert total == flow.buy_volume + flow.sell_volume + flow.unclassified_volume

    def test_the_last_minute_is_that_of_the_tape(
        self, dia: SymbolDay, half_past_ten: tuple[Events, np.ndarray]
    ) -> None:
        events, _ = half_past_ten
        now = OPEN + 3600 * NS
        lately = events[events["ts"] > now - 60 * NS]
        printed = lately[(lately["kind"] == TRADE) & (lately["s1"] > 0)]
        busiest = int(np.bincount(printed["cid"]).argmax())
        dia.timeline.seek(now)
        detail = dia.projector.detail(busiest)
        volume, mids = [0] * 60, [MISSING] * 60
        for each in lately[lately["cid"] == busiest]:
            second = (int(each["ts"]) - now) // NS + 60
            if each["kind"] == TRADE and treatment(int(each["cond"])) != CANCEL:
                volume[min(second, 59)] += int(each["s1"])
            if each["kind"] == QUOTE and each["p1"] > 0 and each["p2"] > 0:
                mids[min(second, 59)] = (int(each["p1"]) + int(each["p2"])) // 2
        for i in range(1, 60):
            mids[i] = mids[i - 1] if mids[i] == MISSING else mids[i]
        assert sum(volume) > 0
        assert detail.volume_by_s == tuple(volume)
        assert detail.mid_by_s == tuple(mids)

    def test_prints_have_the_sides_the_fold_gave_them(
        self, dia: SymbolDay, half_past_ten: tuple[Events, np.ndarray]
    ) -> None:
        events, sides = half_past_ten
        now = OPEN + 3600 * NS
        recent = (events["kind"] == TRADE) & (events["ts"] > now - 60 * NS)
        dia.timeline.seek(now)
        compared = 0
        for who in set(events["cid"][recent].tolist()):
            ours = np.flatnonzero((events["kind"] == TRADE) & (events["cid"] == who))[::-1]
            prints = dia.projector.detail(who).prints
            assert len(prints) >= min(int((events["cid"][recent] == who).sum()), DETAIL_PRINTS)
            for each, i in zip(prints, ours, strict=False):
                event_, side = events[i], sides[i]
                assert (each.ts_ns, each.price, each.size) == (event_["ts"], event_["p1"], event_["s1"])
                assert (each.side, each.confidence) == (side["side"], side["confidence"] / 100)
                assert (each.rule, each.condition) == (
                    METHOD_NAMES[side["method"]],
                    label(int(event_["cond"])),
                )
                compared += 1
        assert compared > 10


class TestDetail:
    BUSY = (
        spot(682), oi("684C", 300), quote("684C", 1.00, 1.02), trade("684C", 1.02, 5, 2),
        trade("684C", 1.00, 3, 3), event(FMV, 4, "684C", p1=10_150), quote("684C", 1.02, 1.06, 10),
        spot(682, 90),
    )  # fmt: skip

    def test_it_says_what_the_contract_s_leg_says(self) -> None:
        slot = opened(*self.BUSY)
        view = at(slot, 20)
        detail, i = slot.projector.detail(cid("684C")), row(view, 684)
        leg = view.call
        for name in ("bid", "ask", "bid_size", "ask_size", "last", "fmv", "volume", "buy", "sell", "oi"):
            assert getattr(detail, name) == getattr(leg, name)[i], name
        for name in ("iv", "delta", "gamma", "premium_usd", "net_premium_usd", "net_delta_flow"):
            assert getattr(detail, name) == getattr(leg, name)[i], name
        assert (detail.quote_age_s, detail.last_age_s, detail.last_side) == (10.0, 17.0, -1)
        assert detail.contract.short == "684C"

    def test_the_put_s_detail_is_the_put_s(self) -> None:
        detail = detail_of("684P", *self.BUSY, quote("684P", 3.0, 3.1), at_s=20)
        assert (detail.bid, detail.volume) == (30_000, 0)
        assert detail.delta < 0

    def test_theta_is_per_minute_and_vega_per_point(self) -> None:
        detail = detail_of("684C", *self.BUSY, at_s=20)
        left = years(CLOSE, detail.tape_ns)
        own = greeks(682.0, 684.0, left, FOLD.rate, FOLD.dividend, detail.iv, 1.0)
        assert detail.theta == pytest.approx(own.theta[0] / (365 * 24 * 60))
        assert detail.vega == pytest.approx(own.vega[0] / 100)

    def test_seconds_are_counted_back_from_now(self) -> None:
        detail = detail_of("684C", *self.BUSY, at_s=20)
        assert {i: n for i, n in enumerate(detail.volume_by_s) if n} == {42: 5, 43: 3}
        assert detail.mid_by_s[:41] == (MISSING,) * 41
        assert detail.mid_by_s[41:50] == (10_100,) * 9
        assert detail.mid_by_s[50:] == (10_400,) * 10

    def test_what_is_older_than_a_minute_is_not_counted(self) -> None:
        detail = detail_of("684C", *self.BUSY, at_s=62.5)
        assert {i: n for i, n in enumerate(detail.volume_by_s) if n} == {0: 3}

    def test_a_cancel_is_a_print_but_no_volume(self) -> None:
        detail = detail_of("684C", *self.BUSY, trade("684C", 1.02, 5, 15, cond=201), at_s=20)
        assert sum(detail.volume_by_s) == 8
        assert detail.volume == 3
        assert (detail.prints[0].condition, detail.prints[0].side) == ("cancel", 0)

    def test_prints_come_newest_first_with_side_rule_and_confidence(self) -> None:
        detail = detail_of("684C", *self.BUSY, at_s=20)
        assert [(p.price, p.size, p.side, p.rule, p.confidence) for p in detail.prints] == [
            (10_000, 3, -1, "at bid", 0.8),
            (10_200, 5, 1, "at ask", 0.8),
        ]

    def test_no_more_prints_than_there_is_room_for(self) -> None:
        many = [trade("684C", 1.02, n, 2 + n / 10) for n in range(1, 30)]
        detail = detail_of("684C", spot(682), quote("684C", 1.00, 1.02), *many)
        assert [p.size for p in detail.prints] == list(range(29, 29 - DETAIL_PRINTS, -1))

    def test_signals_are_counted_by_rule_and_only_its_own(self) -> None:
        fired = [*divergence("684C", 5), *divergence("680P", 15), *divergence("684C", 120)]
        detail = detail_of("684C", spot(682), *fired, fold=SEED)
        assert detail.signals == (("fmv_divergence", 1),)
        quiet = detail_of("688C", spot(682), *fired, fold=SEED)
        assert quiet.signals == ()

    def test_a_contract_nobody_spoke_of_is_missing_everywhere(self) -> None:
        detail = detail_of("684C", spot(682))
        assert (detail.bid, detail.ask, detail.last, detail.fmv, detail.oi) == (MISSING,) * 5
        assert all(
            isnan(x) for x in (detail.quote_age_s, detail.last_age_s, detail.iv, detail.delta, detail.vega)
        )
        assert detail.prints == ()
        assert set(detail.mid_by_s) == {MISSING}

    def test_a_contract_without_a_twin_has_a_detail(self) -> None:
        detail = detail_of("689C", spot(682), quote("689C", 0.10, 0.12))
        assert (detail.iv > 0, detail.iv_status) == (True, "ok")

    @pytest.mark.parametrize(
        ("events", "why"),
        [
            ((quote("684C", 1.00, 1.02),), "no spot yet"),
            ((spot(682),), "no two-sided call quote"),
            ((spot(682), quote("684C", 0.0, 1.02)), "no two-sided call quote"),
            ((spot(682), quote("684C", 1.00, 1.02)), "ok"),
            ((spot(682), quote("684P", 3.00, 3.02)), "no two-sided call quote"),
            ((spot(690), quote("684C", 6.00, 6.02)), "no two-sided put quote"),
            ((spot(690), quote("684P", 0.10, 0.12)), "ok"),
            ((spot(682), quote("684C", 700.0, 701.0)), "no time value"),
            ((spot(682), quote("684C", 1.00, 1.02), spot(682, 6.55 * 3600)), "expired"),
        ],
    )
    def test_why_there_is_no_volatility(self, events: tuple[Events, ...], why: str) -> None:
        detail = detail_of("684C", *events)
        assert detail.iv_status == why
        assert isnan(detail.iv) == (why != "ok")
