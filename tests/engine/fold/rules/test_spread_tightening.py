"""Spread tightening: a quote much narrower than the median of the last minutes, in ticks, that holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold.params import PRESETS, SignalParams
from engine.fold.rules.firing import strength_of
from engine.fold.rules.spread_tightening import RECENT_MINUTES, RULE, SpreadTighteningParams, median_of

P = SpreadTighteningParams()
MINUTES = P.minutes + 2
START = MINUTES * 60.0
DEEP = (P.size, P.size)
HOLD = P.hold_s + 1
QUOTES = P.hold_quotes + 2


def wide(tape, spread=0.10, until=START, mid=2.50, since=0.0):
    """Quote every five seconds at one width; the bid flickers by a cent, so that no quote repeats."""
    at = since
    while at < until:
        flicker = 0.01 * (at % 10 == 0)
        tape.quote(mid - spread / 2 + flicker, mid + spread / 2 + flicker, at=at, sizes=DEEP)
        at += 5.0
    return tape


def tight(tape, spread=0.04, since=START, hold=HOLD, quotes=QUOTES, sizes=DEEP, mid=2.50):
    """Quote narrowly, `quotes` times over `hold` seconds."""
    for k in range(quotes):
        tape.quote(mid - spread / 2, mid + spread / 2, at=since + hold * k / (quotes - 1), sizes=sizes)
    return tape


def found(tape, params):
    return tape.fold(params).fired("spread_tightening")


def test_half_the_usual_spread_that_holds_fires_once(tape, eager_params) -> None:
    (signal,) = found(tight(wide(tape)), eager_params())
    assert signal["direction"] == 0
    assert signal["side_confidence"] == 0.0


def test_evidence_re_derives_the_decision(tape, eager_params) -> None:
    tight(wide(tape))
    (signal,) = found(tape, eager_params())
    numbers = dict(RULE.named(signal["evidence"].tolist()))
    assert numbers["spread_usd"] == pytest.approx(0.04)
    assert numbers["median_spread_usd"] == pytest.approx(0.10)
    assert numbers["narrower"] == pytest.approx(numbers["median_spread_usd"] / numbers["spread_usd"])
    assert numbers["narrower"] >= 1 / P.ratio
    assert (numbers["bid_size"], numbers["ask_size"]) == DEEP
    assert numbers["held_s"] == pytest.approx((signal["ts"] - tape.events["ts"][-QUOTES]) / 1e9)
    assert numbers["held_s"] >= P.hold_s
    assert numbers["quotes"] >= P.hold_quotes
    assert numbers["usual_spread_percent"] == pytest.approx(100 * 0.10 / 2.50, rel=0.01)
    assert signal["strength"] == strength_of(numbers["narrower"], P.half)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("not half", {"spread": 0.06}),
        ("not long enough", {"hold": P.hold_s - 0.1}),
        ("not often enough", {"quotes": P.hold_quotes - 1}),
        ("hardly anything bid", {"sizes": (P.size - 1, P.size)}),
        ("hardly anything offered", {"sizes": (P.size, P.size - 1)}),
        ("locked", {"spread": 0.0}),
        ("crossed", {"spread": -0.02}),
    ],
)
def test_what_is_missing_keeps_it_silent(tape, eager_params, why, changes) -> None:
    assert found(tight(wide(tape), **changes), eager_params()) == [], why


def test_a_baseline_of_few_ticks_means_nothing(tape, eager_params) -> None:
    """One tick instead of three is noise, whatever the percentage."""
    assert found(tight(wide(tape, spread=0.03), spread=0.01), eager_params()) == []


def test_a_short_past_is_no_baseline(tape, eager_params) -> None:
    until = (P.minutes - 1) * 60.0
    assert found(tight(wide(tape, until=until), since=until), eager_params()) == []


def test_one_wide_quote_starts_the_holding_again(tape, eager_params) -> None:
    half = P.hold_s * 0.7
    tight(wide(tape), hold=half).quote(2.45, 2.55, sizes=DEEP)
    tight(tape, since=START + half + 0.1, hold=half)
    assert found(tape, eager_params()) == []


def test_the_underlying_jumping_explains_it(tape, eager_params) -> None:
    wide(tape).spot(685.0, at=START - 6).spot(685.0, at=START - 3)
    for k in range(QUOTES * 3):
        at = START + k * HOLD / QUOTES
        tape.spot(685.0 * (1 + SignalParams().jump_bp * k / 10_000), at=at).quote(
            2.48, 2.52, at=at, sizes=DEEP
        )
    folded = tape.fold(eager_params())
    assert folded.forward["jump_ts"] > 0
    assert folded.fired("spread_tightening") == []


def test_quotes_of_a_minute_count_by_how_long_they_stood(tape, eager_params) -> None:
    """Narrow for an instant ten times a minute is not what the spread usually is."""
    for minute in range(MINUTES):
        wide(tape, since=minute * 60.0, until=minute * 60.0 + 50)
        for k in range(10):
            at = minute * 60.0 + 50 + k
            tape.quote(2.48, 2.52, at=at, sizes=DEEP).quote(2.45, 2.55, at=at + 0.01, sizes=DEEP)
    median = wide(tape, until=START + 60, since=START).fold(eager_params()).cell()["spread_median"]
    assert median == pytest.approx(1000, abs=2)


def test_median_forgets_what_is_older_than_its_minutes(tape, eager_params) -> None:
    wide(tape, spread=0.40, until=600.0)
    wide(tape, spread=0.10, since=600.0, until=600.0 + (RECENT_MINUTES + 2) * 60)
    assert tape.fold(eager_params()).cell()["spread_median"] == pytest.approx(1000, abs=2)


def test_seed_example_is_half_with_strength_three_fifths(tape, eager_params) -> None:
    """2.1 % against an average of 4.2 %, at once: no hold, no sizes."""
    params = eager_params(PRESETS["seed"])
    for second in range(0, int(START), 5):
        tape.quote(9.79, 10.21, at=second, sizes=(1, 1))
    tape.quote(9.895, 10.105, at=START, sizes=(1, 1))
    (signal,) = found(tape, params)
    numbers = dict(RULE.named(signal["evidence"].tolist()))
    assert numbers["usual_spread_percent"] == pytest.approx(4.2)
    assert 1 / numbers["narrower"] == pytest.approx(0.5)
    assert signal["strength"] == pytest.approx(0.6)


def test_seed_is_silent_above_half(tape, eager_params) -> None:
    for second in range(0, int(START), 5):
        tape.quote(9.79, 10.21, at=second)
    assert found(tape.quote(9.894, 10.106, at=START), eager_params(PRESETS["seed"])) == []


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=15))
def test_median_is_the_lower_one(values) -> None:
    assert median_of(np.array(values, np.int32), len(values)) == sorted(values)[(len(values) - 1) // 2]
