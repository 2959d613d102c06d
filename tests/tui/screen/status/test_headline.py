"""The headline numbers as they stand on the screen, at the sizes that matter, for every sign and scope."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from engine.analytics.exposure_choice import BASES, CONVENTIONS, Scope
from engine.model.events import MISSING
from tui.screen.draw.cell_widget import text_of
from tui.screen.status.header import StatusHeader
from tui.screen.status.headline import headlines
from tui.settings.prefs import Prefs

CHOICES = tuple(product(CONVENTIONS, BASES, get_args(Scope)))
REQUIRED_AT_120 = (
    "681.42", "EM ±3.10 of 4.80", "GEX  +530M $/1%", "flip 679.8 -1.62 0.56σ", "CW 685 +3.58 1.23σ",
    "PW 675 -6.42 2.21σ", "max γ 680", "Δ flow  -120k sh 5m    +9k", "P/C vol 0.97", "3h18m",
)  # fmt: skip
REQUIRED_AT_80 = (
    "681.42 +0.28%", "EM ±3.10", "flip 679.8 -1.62", "CW 685 +3.58", "PW 675 -6.42", "Δ  -120k sh",
)  # fmt: skip


def lines(view, width: int, rows: int) -> str:
    return "\n".join(text_of(row) for row in headlines(view, Prefs(), width, rows))


def chosen(view, convention: str, basis: str, scope: str):
    days = (view.day,) * (1 if scope == "one" else 6)
    return replace(
        view,
        gamma=replace(view.gamma, convention=convention, basis=basis, scope=scope, summed=days),
    )


def index_view(view, spot: float):
    """Return the view with an index of that level, its numbers grown with it."""
    grown = spot / 681.42
    gamma, chain = view.gamma, view.chain
    return replace(
        view,
        spot=round(spot * 10_000),
        prev_close=round(spot * 0.997 * 10_000),
        gamma=replace(
            gamma,
            zero_gamma=spot - 1.62 * grown,
            call_wall=float(round(spot + 3.58 * grown)),
            put_wall=float(round(spot - 6.42 * grown)),
            expected_move=3.1 * grown,
        ),
        chain=replace(chain, opening_move=4.8 * grown, sigma_move=2.9 * grown),
    )


@pytest.mark.parametrize(("convention", "basis", "scope"), CHOICES)
async def test_at_120_by_36_everything_a_trader_asks_first_is_read_off_the_screen(
    make_view, stage, convention: str, basis: str, scope: str
) -> None:
    header = StatusHeader()
    view = chosen(make_view(), convention, basis, scope)
    async with stage(header, 120, 3):
        header.show(view, Prefs())
        text = "\n".join(header.render_line(y).text for y in range(3))
    assert [part for part in (" ⏵ REPLAY ×10", *REQUIRED_AT_120) if part not in text] == []
    summed = convention + (" vol" if basis == "volume" else "") + ("" if scope == "one" else " 6exp")
    assert f"$/1% {summed} │" in text


@pytest.mark.parametrize(("convention", "basis", "scope"), CHOICES)
async def test_at_80_by_24_spot_move_levels_and_flow_are_read_off_the_screen(
    make_view, stage, convention: str, basis: str, scope: str
) -> None:
    header = StatusHeader()
    async with stage(header, 80, 2):
        header.show(chosen(make_view(), convention, basis, scope), Prefs())
        text = "\n".join(header.render_line(y).text for y in range(2))
    assert [part for part in (" ⏵ REPLAY ×10", *REQUIRED_AT_80) if part not in text] == []


@pytest.mark.parametrize("spot", [47.3, 251.1, 681.42, 6_836.1, 25_164.0])
def test_no_underlying_is_too_dear_for_its_distances(make_view, spot: float) -> None:
    view = index_view(make_view(), spot)
    brief, long = lines(view, 80, 1), lines(view, 120, 2)
    number = r"[+-]\d[\d.]*"
    for name in ("flip", "CW", "PW"):
        assert re.search(rf"{name} [\d.]+ +{number}", brief), name
        assert re.search(rf"{name} [\d.]+ +{number} +\d\.\d\dσ", long), name
    assert "Δ  -120k" in brief
    assert re.search(r"EM ±[\d.]+ +of +[\d.]+", long)


@pytest.mark.parametrize(("width", "rows"), [(80, 1), (80, 2), (120, 1), (120, 2), (200, 2)])
def test_a_number_that_comes_or_goes_moves_no_other(make_view, width: int, rows: int) -> None:
    view = make_view()
    gamma, chain = view.gamma, view.chain
    reason = "all positive between 656 and 706"
    gone = (
        replace(view, gamma=replace(gamma, zero_gamma=None, band=None, zero_gamma_reason=reason)),
        replace(view, gamma=replace(gamma, call_wall=None)),
        replace(view, gamma=replace(gamma, expected_move=None)),
        replace(view, chain=replace(chain, sigma_move=None)),
        replace(view, chain=replace(chain, opening_move=None)),
        replace(view, flow=replace(view.flow, net_delta_5m=None)),
        replace(view, gamma=replace(gamma, band=(679.8, 679.8))),
    )
    names = ("EM", "flip", "CW", "PW", "Δ")
    places = [[lines(each, width, rows).find(name) for name in names] for each in (view, *gone)]
    assert places == [places[0]] * len(places)


@pytest.mark.parametrize("width", [80, 120])
def test_a_missing_flip_says_why_in_its_own_place(make_view, width: int) -> None:
    view = make_view()
    reason = "all positive between 656 and 706"
    none = replace(view, gamma=replace(view.gamma, zero_gamma=None, zero_gamma_reason=reason))
    assert "flip — all posi" in lines(none, width, 1)
    assert reason in lines(none, 200, 2)


def test_what_is_not_known_is_a_dash(empty_view) -> None:
    text = lines(empty_view(), 200, 2)
    assert "0" not in text.split("Δ flow")[0]
    assert "no open interest yet" in text
    for part in ("EM —", "of —", "1σ —", "GEX      — $/1%", "flip — no open inte…", "CW —", "side?    —"):
        assert part in text


def test_bought_puts_are_not_added_to_bought_calls(make_view) -> None:
    text = lines(make_view(), 200, 2)
    assert "$ bought-sold C  +2.2M P  -4.1M │" in text
    assert "net" not in text
    assert "-1.9M" not in text


def test_the_widest_lines_add_band_volatility_sides_and_ratios(make_view) -> None:
    text = lines(make_view(), 200, 2)
    for part in (
        "681.42 ▲+1.87 +0.28%",
        "1σ 2.90",
        "0.56σ (679.8–683.1)",
        "IV 14.8% ±0.2%",
        "side?  13% sure 64%",
        "P/C vol 0.97 OI 1.90 $ 1.40",
        "pain 681",
    ):
        assert part in text


def test_a_change_without_a_previous_close_is_a_dash(make_view) -> None:
    assert "681.42 — │" in lines(make_view(prev_close=MISSING), 200, 2)


def test_the_unit_of_the_exposure_is_named(make_view) -> None:
    assert "sh/$1" in text_of(headlines(make_view(), Prefs(unit="shares"), 120, 2)[1])


def test_flow_is_inked_by_its_sign(make_view) -> None:
    _, flow = headlines(make_view(), Prefs(), 120, 2)
    inks = {text.strip(): ink for text, ink, _ in flow}
    assert (inks["-120k"], inks["+9k"]) == ("sell", "buy")
