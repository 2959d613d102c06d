"""When greeks are refreshed, from which quote, and when they are forgotten."""

from __future__ import annotations

import math

import pytest

from engine.analytics.greeks import delta_gamma_vega_theta, years
from engine.analytics.implied_vol import implied_vol
from engine.fold.params import FoldParams
from engine.model.events import NS

CALL_685, PUT_685, CALL_680, PUT_680 = 1, 2, 3, 4
SIX_HOURS = 6 * 3600.0
RATE = FoldParams().rate


def left(at_s: float) -> float:
    return years(int(SIX_HOURS * NS), int(at_s * NS))


def vol(price: float, strike: float, cp: float, at_s: float, spot: float = 685.0) -> float:
    sigma, _ = implied_vol(price, spot, strike, left(at_s), RATE, 0.0, cp)
    return float(sigma)


def test_the_first_two_sided_quote_gives_greeks(tape) -> None:
    cell = tape.spot(685.0, at=0).quote(1.99, 2.01, at=1).fold().cell()
    sigma = vol(2.00, 685, 1.0, 1)
    assert cell["iv"] == pytest.approx(sigma, rel=1e-9)
    want = delta_gamma_vega_theta(685.0, 685.0, left(1), RATE, 0.0, sigma, 1.0)
    got = [float(cell[name]) for name in ("delta", "gamma", "vega", "theta")]
    assert got == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(
    ("bid", "ask"), [(0.0, 0.01), (math.nan, 0.01), (2.0, math.nan), (2.0, 2.0), (2.1, 2.0)]
)
def test_a_quote_that_is_not_two_sided_gives_none(tape, bid: float, ask: float) -> None:
    cell = tape.spot(685.0, at=0).quote(bid, ask, at=1).fold().cell()
    assert math.isnan(cell["iv"])
    assert math.isnan(cell["delta"])


def test_an_in_the_money_call_takes_its_puts_volatility(tape) -> None:
    folded = (
        tape.spot(685.0, at=0)
        .quote(0.50, 0.52, at=1, cid=PUT_680)
        .quote(5.40, 6.40, at=2, cid=CALL_680)
        .fold()
    )
    assert folded.cell(CALL_680)["iv"] == pytest.approx(vol(0.51, 680, -1.0, 1), rel=1e-9)


def test_an_in_the_money_quote_alone_measures_nothing(tape) -> None:
    cell = tape.spot(685.0, at=0).quote(5.40, 5.60, at=1, cid=CALL_680).fold().cell(CALL_680)
    assert math.isnan(cell["iv"])


def test_a_trade_refreshes_greeks_older_than_a_second_and_only_those(tape) -> None:
    early = tape.spot(685.0, at=0).quote(1.99, 2.01, at=1).quote(2.09, 2.11, at=1.5).trade(2.11, at=1.9)
    assert early.fold().cell()["iv"] == pytest.approx(vol(2.00, 685, 1.0, 1), rel=1e-9)
    later = early.trade(2.11, at=2.5)
    assert later.fold().cell()["iv"] == pytest.approx(vol(2.10, 685, 1.0, 1.5), rel=1e-9)


def test_a_volatility_outlives_its_quote_by_a_minute_and_no_more(tape) -> None:
    offered = tape.spot(685.0, at=0).quote(1.99, 2.01, at=1).quote(math.nan, 0.01, at=2)
    kept = offered.trade(0.01, at=60).fold()
    assert kept.cell()["iv"] == pytest.approx(vol(2.00, 685, 1.0, 1), rel=1e-9)
    dropped = offered.trade(0.01, size=7, at=70).fold()
    assert math.isnan(dropped.cell()["iv"])
    assert math.isnan(dropped.cell()["delta"])
    assert dropped.under["no_delta_volume"] == 7


def test_a_settled_contract_has_no_greeks_and_adds_no_deltas(tape) -> None:
    before = tape.spot(685.0, at=0).quote(1.99, 2.01, at=SIX_HOURS - 2).trade(2.01, size=3, at=SIX_HOURS - 1)
    flow = before.fold().cell()["delta_flow"]
    after = before.trade(2.01, size=5, at=SIX_HOURS + 60).fold()
    assert flow != 0.0
    assert after.cell()["delta_flow"] == flow
    assert math.isnan(after.cell()["delta"])
    assert after.under["no_delta_volume"] == 5
