"""The gamma desk of a view: scopes, conventions, and that everything adds up to everything else."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics.chain_stats import max_pain, put_call_ratio
from engine.analytics.exposure import Book, exposure
from engine.analytics.exposure_choice import CONVENTIONS, METRICS, SCOPES, ExposureChoice
from engine.analytics.greeks import greeks, years
from engine.feeds.simulated import SimulatedSource
from engine.fold.params import FoldParams
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import MISSING, NS, OI, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.tape.tape import TapeInfo
from engine.views.projection import PlaybackState
from engine.views.view import StrikeExposure, View

TUESDAY, WEDNESDAY, FRIDAY = date(2025, 12, 16), date(2025, 12, 17), date(2025, 12, 19)
SPX = underlying("SPX")
OPEN, CLOSE = session(TUESDAY).open_ns, session(TUESDAY).close_ns
FOLD = FoldParams()
PLAYING = PlaybackState(1, 1, "memory", ("SPX",), "REPLAY", False, 1.0, 0.0, ())
STANCES = (
    *(ExposureChoice().with_convention(each) for each in CONVENTIONS),
    ExposureChoice("assumed", "volume"),
)

LISTED = ContractTable(
    Contract(root, day, right, strike * 1000)
    for root, day, strikes in (
        ("SPXW", TUESDAY, range(6780, 6830, 5)),
        ("SPXW", WEDNESDAY, range(6775, 6840, 5)),
        ("SPXW", FRIDAY, range(6790, 6815, 5)),
        ("SPX", FRIDAY, range(6790, 6825, 5)),
    )
    for strike in strikes
    for right in "CP"
)
"""Tuesday to Friday; on the third Friday one root settles in the morning, with strikes the other lacks."""


class MemoryTape:
    def __init__(self, events: Events) -> None:
        self.info = TapeInfo("SPX", SPX, TUESDAY, session(TUESDAY), "memory", "REPLAY", "tape", 500)
        self.contracts = LISTED
        self._events = events
        self.starts = events["ts"][:1].astype(np.int64)
        self.end_ns = int(events["ts"].max())

    def read(self, chunk: int) -> Events:
        return self._events


def event(kind: int, cid: int, at_s: float, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["cid"], made["ts"] = kind, cid, OPEN + int(at_s * NS)
    for column, value in columns.items():
        made[column] = value
    return made


def day(spot: float = 6803.0) -> Events:
    """Quote everything, give it open interest, and trade much of it on either side."""
    rng = np.random.default_rng(11)
    made = [event(SPOT, 0, 0.5, p1=to_price(spot))]
    for cid, each in enumerate(LISTED, 1):
        left = years(settle_ns(SPX, each.root, each.expiry), OPEN + NS)
        cp = 1.0 if each.right == "C" else -1.0
        fair = float(greeks(spot, each.strike, left, FOLD.rate, FOLD.dividend, 0.18, cp).price[0])
        bid, ask = to_price(fair - 0.05), to_price(fair + 0.05)
        made.append(event(OI, cid, 0, s1=int(rng.integers(0, 4000))))
        made.append(event(QUOTE, cid, 1, p1=bid, p2=ask, s1=10, s2=10))
        if rng.random() < 0.7:
            size = int(rng.integers(1, 900))
            made.append(event(TRADE, cid, 2, p1=int(rng.choice([bid, ask])), s1=size))
        if rng.random() < 0.3:
            made.append(event(TRADE, cid, 3, p1=ask, s1=int(rng.integers(1, 90)), cond=232))
    made.append(event(SPOT, 0, 10, p1=to_price(spot)))
    tape = np.concatenate(made)
    return tape[np.argsort(tape["ts"], kind="stable")]


def opened(events: Events | None = None, expiry: int | date = 3) -> SymbolDay:
    return open_symbol_day(MemoryTape(day() if events is None else events), PlayerParams(expiry=expiry))


def view_at(
    slot: SymbolDay, stance: ExposureChoice | None = None, expiry: date | None = None, at_ns: int = 0
) -> View:
    slot.timeline.seek(at_ns or slot.timeline.end_ns)
    return slot.projector.project(PLAYING, expiry, stance)


@pytest.fixture(scope="module")
def slot() -> SymbolDay:
    return opened()


def chain_of(slot: SymbolDay, *expiries: date) -> dict[str, np.ndarray]:
    """Columns of all contracts of some expirations, read off the state and the contract table by hand."""
    rows = [(cid, each) for cid, each in enumerate(LISTED, 1) if each.expiry in expiries]
    cells, now = slot.timeline.state.cells, slot.timeline.at_ns
    cids = [cid for cid, _ in rows]
    return {
        "strike": np.array([each.strike for _, each in rows]),
        "cp": np.array([1.0 if each.right == "C" else -1.0 for _, each in rows]),
        "years": np.array([years(settle_ns(SPX, each.root, each.expiry), now) for _, each in rows]),
        "oi": cells["oi"][cids].astype(float),
        "volume": (cells["volume"] - cells["cancelled"])[cids].astype(float),
        "flow": (cells["sell"] - cells["buy"])[cids].astype(float),
        "unknown": cells["unknown"][cids].astype(float),
        "sided": cells["sided_confidence"][cids] / 100,
        "premium": cells["premium"][cids] / 10_000,
    }


def held(c: dict[str, np.ndarray], stance: ExposureChoice) -> np.ndarray:
    weight = c["volume"] if stance.basis == "volume" else c["oi"]
    return {
        "assumed": c["cp"] * weight, "flow": c["flow"], "blended": c["cp"] * c["oi"] + c["flow"]
    }[stance.convention]  # fmt: skip


class TestScope:
    @pytest.mark.parametrize("stance", STANCES)
    @pytest.mark.parametrize(
        ("scope", "summed"),
        [
            ("one", (TUESDAY,)),
            ("several", (TUESDAY, WEDNESDAY)),
            ("all", (TUESDAY, WEDNESDAY, FRIDAY)),
        ],
    )
    def test_it_is_the_exposure_of_all_contracts_of_its_expirations(
        self, stance: ExposureChoice, scope: str, summed: tuple[date, ...]
    ) -> None:
        slot = opened(expiry=2)
        gamma = view_at(slot, stance.with_scope(scope)).gamma
        c = chain_of(slot, *summed)
        # Every quote was made at 18 %; what is inverted differs by rounding to the tape's price units.
        book = Book(c["strike"], c["cp"], c["years"], np.full(c["cp"].size, 0.18), c["cp"] * held(c, stance))
        found = exposure(book, 6803.0, FOLD.rate, FOLD.dividend)
        assert gamma.summed == summed
        near = 1e-3 * found.total_gross
        for name in ("call", "put", "net", "gross"):
            assert getattr(gamma, name) == pytest.approx(getattr(found, f"total_{name}"), abs=near)
        assert (gamma.call_wall, gamma.put_wall) == (found.call_wall, found.put_wall)
        for metric, values in found.by_contract.items():
            assert gamma.totals[metric].net == pytest.approx(values.sum(), abs=1e-3 * np.abs(values).sum()), (
                metric
            )

    @pytest.mark.parametrize("stance", STANCES)
    def test_expirations_add_up_to_the_total(self, slot: SymbolDay, stance: ExposureChoice) -> None:
        gamma = view_at(slot, stance.with_scope("all")).gamma
        assert [each.expiry for each in gamma.by_expiry] == [TUESDAY, WEDNESDAY, FRIDAY]
        for metric in METRICS:
            net = sum(each.net[metric] or 0.0 for each in gamma.by_expiry)
            assert net == pytest.approx(gamma.totals[metric].net, abs=1e-9 * gamma.totals[metric].gross)

    @pytest.mark.parametrize("metric", METRICS)
    def test_expirations_alone_add_up_to_all_of_them(self, slot: SymbolDay, metric: str) -> None:
        alone = [view_at(slot, expiry=each).gamma.totals[metric].net for each in (TUESDAY, WEDNESDAY, FRIDAY)]
        whole = view_at(slot, ExposureChoice(scope="all")).gamma.totals[metric]
        assert sum(alone) == pytest.approx(whole.net, abs=1e-9 * whole.gross)

    def test_both_settlements_of_a_date_are_summed_and_one_is_shown(self, slot: SymbolDay) -> None:
        view = view_at(slot, expiry=FRIDAY)
        assert (view.strike_milli[-1], view.settle_ns) == (6_810_000, session(FRIDAY).close_ns)
        shown = np.abs(view.call.gex).sum() + np.abs(view.put.gex).sum()
        assert view.gamma.gross > 1.3 * shown

    def test_max_pain_of_a_date_is_that_of_the_settlement_that_is_shown(self) -> None:
        heavy = LISTED.id_of(Contract("SPX", FRIDAY, "P", 6_820_000))
        slot = opened(np.concatenate([event(OI, heavy, 0, s1=500_000), day()[day()["cid"] != heavy]]))
        view, oi = view_at(slot, expiry=FRIDAY), slot.timeline.state.cells["oi"]
        strikes = np.arange(6790, 6815, 5)
        own = [
            [oi[LISTED.id_of(Contract("SPXW", FRIDAY, right, int(k) * 1000))] for k in strikes]
            for right in "CP"
        ]
        assert view.gamma.max_pain == max_pain(
            strikes.astype(float), *(np.array(each, float) for each in own)
        )
        assert view.gamma.by_expiry[0].max_pain == view.gamma.max_pain == view.chain.max_pain_all
        assert view_at(slot, ExposureChoice(scope="all")).chain.max_pain_all == 6820

    def test_what_has_settled_is_no_part_of_several(self, slot: SymbolDay) -> None:
        told, late_s = day(), (CLOSE - OPEN) / NS + 60
        again = told[told["kind"] == QUOTE]
        again["ts"] = OPEN + int(late_s * NS)
        late = np.concatenate([told, event(SPOT, 0, late_s, p1=to_price(6803)), again])
        slot = opened(late)
        for scope in ("several", "all"):
            view = view_at(slot, ExposureChoice(scope=scope), TUESDAY)
            assert view.gamma.summed == (WEDNESDAY, FRIDAY)
            assert np.isfinite(view.exposures["gamma"].net).all()
            c = chain_of(slot, WEDNESDAY, FRIDAY)
            volume = (c["volume"][c["cp"] < 0].sum(), c["volume"][c["cp"] > 0].sum())
            assert view.chain.pcr_volume == pytest.approx(volume[0] / volume[1])
        expired = view_at(slot, ExposureChoice(), TUESDAY)
        assert np.isnan(expired.exposures["delta"].gross).all()
        alone = expired.gamma
        assert (alone.summed, alone.net, alone.missing_reason) == ((), None, "expired")
        assert alone.by_expiry == ()

    def test_nothing_but_the_scope_changes_what_is_shown_of_the_expiration(self, slot: SymbolDay) -> None:
        views = [view_at(slot, ExposureChoice(scope=scope)) for scope in SCOPES]
        for view in views[1:]:
            assert (view.strike_milli == views[0].strike_milli).all()
            assert view.gamma.expected_move == views[0].gamma.expected_move
            np.testing.assert_array_equal(view.call.gex, views[0].call.gex)


class TestStrikes:
    @pytest.mark.parametrize("stance", STANCES)
    @pytest.mark.parametrize("metric", METRICS)
    def test_rows_of_one_expiration_add_up_to_its_total(
        self, slot: SymbolDay, stance: ExposureChoice, metric: str
    ) -> None:
        view = view_at(slot, stance)
        columns, total = view.exposures[metric], view.gamma.totals[metric]
        for name in ("call", "put", "net", "gross"):
            got = getattr(columns, name).sum()
            assert got == pytest.approx(getattr(total, name), abs=1e-9 * total.gross), name

    @pytest.mark.parametrize("stance", STANCES)
    def test_gamma_by_strike_is_that_of_the_legs(self, slot: SymbolDay, stance: ExposureChoice) -> None:
        view = view_at(slot, stance)
        np.testing.assert_allclose(view.exposures["gamma"].call, view.call.gex, rtol=1e-12)
        np.testing.assert_allclose(view.exposures["gamma"].put, view.put.gex, rtol=1e-12)

    def test_net_is_call_and_put_together_and_gross_is_no_less(self, slot: SymbolDay) -> None:
        for stance in STANCES:
            for each in view_at(slot, stance.with_scope("all")).exposures.values():
                scale = 1e-9 * each.gross.max()
                np.testing.assert_allclose(each.net, each.call + each.put, atol=scale)
                assert (each.gross >= np.abs(each.call) + np.abs(each.put) - scale).all()

    def test_a_strike_that_only_others_list_counts_in_the_total_alone(self, slot: SymbolDay) -> None:
        view = view_at(slot, ExposureChoice(scope="all"))
        assert 6_775_000 not in view.strike_milli
        outside = {each.strike for each in LISTED} - set((view.strike_milli / 1000).tolist())
        c = chain_of(slot, TUESDAY, WEDNESDAY, FRIDAY)
        table = greeks(6803.0, c["strike"], c["years"], FOLD.rate, FOLD.dividend, 0.18, c["cp"])
        gone = np.isin(c["strike"], list(outside))
        missing = (table.gamma * c["cp"] * c["oi"] * 100)[gone].sum()
        rows = view.exposures["gamma"].net.sum()
        assert missing != 0
        assert view.gamma.net - rows == pytest.approx(missing, rel=1e-2)

    def test_only_the_rows_shown_are_there(self) -> None:
        slot = open_symbol_day(MemoryTape(day()), PlayerParams(strikes=2))
        view = view_at(slot, ExposureChoice(scope="all"))
        assert view.exposures["vanna"].net.size == view.strike_milli.size == 5
        whole = view_at(opened(), ExposureChoice(scope="all"))
        at = np.searchsorted(whole.strike_milli, view.strike_milli)
        np.testing.assert_array_equal(view.exposures["vanna"].net, whole.exposures["vanna"].net[at])

    def test_a_strike_of_which_nothing_is_known_is_nan(self) -> None:
        silent = LISTED.id_of(Contract("SPXW", TUESDAY, "P", 6_790_000))
        events = day()
        view = view_at(opened(events[~((events["cid"] == silent) & (events["kind"] == OI))]))
        i = view.strike_milli.tolist().index(6_790_000)
        assert np.isnan(view.exposures["gamma"].put[i])
        assert view.exposures["gamma"].net[i] == view.exposures["gamma"].call[i] > 0
        flow = view_at(opened(events[events["kind"] != OI]), ExposureChoice("flow", "flow"))
        assert np.isfinite(flow.exposures["gamma"].net).all()


class TestConventions:
    @pytest.mark.parametrize("scope", SCOPES)
    def test_the_other_conventions_say_what_they_would_say_if_they_were_shown(
        self, slot: SymbolDay, scope: str
    ) -> None:
        shown = {
            stance.convention: view_at(slot, stance.with_scope(scope)).gamma
            for stance in (ExposureChoice().with_convention(each) for each in CONVENTIONS)
        }
        for gamma in shown.values():
            assert tuple(each.convention for each in gamma.dealers) == CONVENTIONS
            for each in gamma.dealers:
                own = shown[each.convention]
                assert each.net == own.net
                assert each.zero_gamma == own.zero_gamma
                assert each.zero_gamma_reason == own.zero_gamma_reason
            flips = [each.zero_gamma for each in gamma.dealers if each.zero_gamma is not None]
            assert gamma.band == ((min(flips), max(flips)) if flips else None)

    def test_on_volume_the_assumed_one_is_by_volume_too(self, slot: SymbolDay) -> None:
        gamma = view_at(slot, ExposureChoice("assumed", "volume")).gamma
        assert gamma.dealers[0].net == gamma.net
        assert gamma.dealers[0].net != view_at(slot).gamma.net

    def test_without_open_interest_the_flow_still_has_an_exposure(self) -> None:
        events = day()
        slot = opened(events[events["kind"] != OI])
        gamma = view_at(slot, ExposureChoice("flow", "flow")).gamma
        assert gamma.net is not None
        assert gamma.missing_reason == ""
        assert [each.net is None for each in gamma.dealers] == [True, False, True]
        assert gamma.dealers[0].zero_gamma_reason == gamma.dealers[2].zero_gamma_reason == "no open interest"
        assert view_at(slot, ExposureChoice("blended")).gamma.missing_reason == "no open interest"

    def test_before_the_first_trade_dealers_are_flat(self) -> None:
        events = day()
        gamma = view_at(opened(events[events["kind"] != TRADE]), ExposureChoice("flow", "flow")).gamma
        assert (gamma.net, gamma.gross, gamma.zero_gamma) == (0.0, 0.0, None)
        assert gamma.zero_gamma_reason == "no trade with a known side"
        assert (gamma.confidence, gamma.unclassified) == (None, None)
        assert (gamma.call_wall, gamma.put_wall, gamma.max_gex_strike) == (None, None, None)

    @pytest.mark.parametrize(("scope", "among"), [("one", (TUESDAY,)), ("several", (TUESDAY, WEDNESDAY))])
    def test_confidence_and_what_is_unclassified_are_shares_of_the_scope_s_volume(
        self, scope: str, among: tuple[date, ...]
    ) -> None:
        slot = opened(expiry=2)
        gamma = view_at(slot, ExposureChoice(scope=scope)).gamma
        c = chain_of(slot, *among)
        assert gamma.confidence == pytest.approx(c["sided"].sum() / c["volume"].sum(), rel=1e-12)
        assert gamma.unclassified == pytest.approx(c["unknown"].sum() / c["volume"].sum(), rel=1e-12)
        assert 0 < gamma.unclassified < 1
        assert gamma.confidence == pytest.approx(0.8 * (1 - gamma.unclassified), rel=1e-12)


class TestChain:
    @pytest.mark.parametrize(
        ("scope", "among"),
        [("one", (TUESDAY,)), ("several", (TUESDAY, WEDNESDAY)), ("all", (TUESDAY, WEDNESDAY, FRIDAY))],
    )
    def test_ratios_and_pain_are_those_of_the_scope(self, scope: str, among: tuple[date, ...]) -> None:
        slot = opened(expiry=2)
        chain = view_at(slot, ExposureChoice(scope=scope)).chain
        c = chain_of(slot, *among)
        call, put = c["cp"] > 0, c["cp"] < 0
        for got, column in (
            (chain.pcr_volume, "volume"),
            (chain.pcr_oi, "oi"),
            (chain.pcr_premium, "premium"),
        ):
            want = put_call_ratio(c[column][call].sum(), c[column][put].sum())
            assert got == pytest.approx(want, rel=1e-12), column
        strikes = np.unique(c["strike"])
        paid = [(c["oi"] * np.maximum(c["cp"] * (settle - c["strike"]), 0.0)).sum() for settle in strikes]
        assert chain.max_pain_all == strikes[int(np.argmin(paid))]

    def test_the_volatility_at_the_money_is_the_chain_s_with_an_error(self, slot: SymbolDay) -> None:
        chain = view_at(slot).chain
        assert chain.atm_iv == pytest.approx(0.18, rel=1e-3)
        left = years(CLOSE, slot.timeline.at_ns)
        vega = greeks(6803.0, 6803.0, left, FOLD.rate, FOLD.dividend, 0.18, 1.0).vega[0]
        assert chain.atm_iv_error == pytest.approx(0.05 / vega, rel=2e-2)

    def test_of_a_silent_chain_nothing_is_said(self) -> None:
        events = day()
        chain = view_at(opened(events[events["kind"] == SPOT])).chain
        assert chain == type(chain)()


def test_without_a_spot_open_interest_still_has_its_pain_and_ratios() -> None:
    events = day()
    view = view_at(opened(events[events["kind"] != SPOT]))
    assert view.spot == MISSING
    assert view.gamma.missing_reason == "no spot yet"
    assert (view.gamma.net, view.gamma.zero_gamma) == (None, None)
    assert view.gamma.max_pain is not None
    assert view.chain.pcr_oi is not None
    for each in view.exposures.values():
        assert isinstance(each, StrikeExposure)
        assert np.isnan(each.net).all()


def test_a_realistic_day_adds_up_in_every_stance() -> None:
    slot = open_symbol_day(SimulatedSource(date(2025, 12, 16)).open("DIA"), PlayerParams())
    at_ns = OPEN + int(timedelta(minutes=20).total_seconds()) * NS
    for stance in STANCES:
        for scope in SCOPES:
            gamma = view_at(slot, stance.with_scope(scope), at_ns=at_ns).gamma
            assert gamma.net == pytest.approx(gamma.call + gamma.put)
            total = gamma.totals["delta"]
            assert total.net == pytest.approx(sum(each.net["delta"] for each in gamma.by_expiry))
            shown = gamma.dealers[CONVENTIONS.index(stance.convention)]
            assert (shown.net, shown.zero_gamma) == (gamma.net, gamma.zero_gamma)
