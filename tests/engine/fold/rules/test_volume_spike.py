"""Volume spike: what a contract usually trades, and what is far more than that."""

from __future__ import annotations

from functools import partial
from math import expm1, log1p, sqrt

import pytest

from engine.fold.params import PRESETS, SignalParams
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.rules.firing import strength_of
from engine.fold.rules.volume_spike import RULE, VOLUME_SPIKE, VolumeSpikeParams
from engine.model.events import NS, PRICE_SCALE

SHARED = SignalParams()
P = VolumeSpikeParams()
WIDTH = P.bucket_s
WARM = 40
BIG = 20 * P.size
CALL, OTHER = 1, 6


def habit(tape, sizes, cid=CALL, price=1.00):
    """Trade one print in the middle of each bucket."""
    for bucket, size in enumerate(sizes):
        if size:
            tape.trade(price, size, at=(bucket + 0.5) * WIDTH, cid=cid)
    return tape


@pytest.fixture
def eager_params(eager_params):
    """Parameters under which one print may be a spike: it is the shortest way to write one."""
    return partial(eager_params, changes={"volume_spike.one_print": 1.0})


@pytest.fixture
def quoted(tape):
    return tape.spot(685.0, at=0).quote(0.90, 1.00, at=0).quote(0.90, 1.00, at=0, cid=OTHER)


def baseline(sizes: list[int]) -> tuple[float, float, float]:
    """Return (mean, variance of log1p, plain mean) of closed buckets, one step at a time.

    The nth bucket weighs 1 / n until that is less than the weight of the half life.
    """
    lasting = 1 - 0.5 ** (P.bucket_s / P.half_life_s)
    mean = var = plain = 0.0
    for n, size in enumerate(sizes, 1):
        alpha = max(lasting, 1 / n)
        diff = log1p(size) - mean
        var = (1 - alpha) * (var + alpha * diff * diff)
        mean += alpha * diff
        plain += alpha * (size - plain)
    return mean, var, plain


def test_usual_volume_is_silent(quoted, eager_params) -> None:
    assert habit(quoted, [20, 25, 15] * 40).fold(eager_params()).fired("volume_spike") == []


def test_far_more_than_usual_fires_once_and_names_the_buyer(quoted, eager_params) -> None:
    habit(quoted, [20] * WARM + [BIG])
    (signal,) = quoted.fold(eager_params()).fired("volume_spike")
    assert (signal["rule"], signal["cid"], signal["direction"]) == (VOLUME_SPIKE, CALL, 1)
    assert signal["ts"] == quoted.events["ts"][-1]


@pytest.mark.parametrize("gaps", [0, 1, 7, 100])
def test_evidence_is_the_baseline_of_the_closed_buckets_alone(quoted, eager_params, gaps) -> None:
    """Recomputed bucket by bucket, empty ones too: the judged bucket is in none of the numbers."""
    sizes = [20, 0, 35, 0, 0, 10] * 12
    habit(quoted, [*sizes, *[0] * gaps, BIG])
    (signal,) = quoted.fold(eager_params()).fired("volume_spike")
    mean, var, _ = baseline([*sizes, *[0] * gaps])
    found = dict(RULE.named(signal["evidence"].tolist()))
    z = (log1p(BIG) - mean) / sqrt(max(var, P.variance_floor))
    assert found["z"] == pytest.approx(z, rel=1e-9)
    assert found["usual_volume"] == pytest.approx(expm1(mean), rel=1e-9)
    assert found["ratio"] == pytest.approx(BIG / max(expm1(mean), 1.0), rel=1e-9)
    assert (found["volume"], found["premium_usd"], found["window_s"]) == (BIG, BIG * 100.0, WIDTH)
    assert z >= P.z
    assert found["ratio"] >= P.ratio
    assert signal["strength"] == pytest.approx(strength_of(z, P.half), rel=1e-9)


def test_habits_count_from_the_first_bucket_on(quoted, eager_params) -> None:
    """A baseline that starts at nothing would call the first minutes of any busy contract news."""
    habit(quoted, [*[P.size] * P.warm_buckets, P.size])
    folded = quoted.fold(eager_params(PRESETS["seed"]))
    assert folded.fired("volume_spike") == []
    assert folded.cell()["lin_mean"] == pytest.approx(P.size)


def test_judging_leaves_the_baseline_alone(quoted, eager_params) -> None:
    before = habit(quoted, [20] * WARM).fold(eager_params()).cell().copy()
    after = habit(quoted, [0] * WARM + [BIG]).fold(eager_params()).cell()
    closed = baseline([20] * WARM)
    assert (after["log_mean"], after["log_var"]) == pytest.approx(closed[:2], rel=1e-12)
    assert before["bucket_volume"] == 20
    assert after["bucket_volume"] == BIG


@pytest.mark.parametrize(
    ("why", "after", "count"),
    [
        ("usual buckets in between", [20] * 8 + [BIG], 2),
        ("empty buckets in between", [0] * 8 + [BIG], 2),
        ("one long spell", [BIG] * 9, 1),
    ],
)
def test_a_second_spike_is_news_when_the_first_is_over(quoted, eager_params, why, after, count) -> None:
    habit(quoted, [20] * WARM + [BIG] + after)
    assert len(quoted.fold(eager_params()).fired("volume_spike")) == count, why


def test_prints_of_one_bucket_add_up(quoted, eager_params) -> None:
    """Ten prints, none remarkable: the one that takes the bucket over the line fires."""
    habit(quoted, [2] * WARM)
    for k in range(10):
        quoted.trade(1.00, P.size // 5, at=WARM * WIDTH + k / 2)
    (signal,) = quoted.fold(eager_params()).fired("volume_spike")
    assert dict(RULE.named(signal["evidence"].tolist()))["volume"] == P.size


def test_small_spikes_are_silent_unless_they_cost_much(quoted, new_tape, eager_params) -> None:
    cheap = habit(quoted, [1] * WARM + [P.size - 1])
    assert cheap.fold(eager_params()).fired("volume_spike") == []
    price = P.premium_usd / (100 * (P.size // 2))
    dear = new_tape().spot(685.0, at=0).quote(price - 1, price, at=0)
    habit(dear, [1] * WARM + [P.size // 2], price=price)
    (signal,) = dear.fold(eager_params()).fired("volume_spike")
    numbers = dict(RULE.named(signal["evidence"].tolist()))
    assert numbers["premium_usd"] == P.premium_usd


def test_old_habits_fade_over_empty_buckets(quoted, eager_params) -> None:
    """The same print is nothing new after minutes of it, and is after an hour of silence."""
    busy = [P.size] * 120
    fresh = habit(quoted, [*busy, P.size]).fold(eager_params()).fired("volume_spike")
    later = habit(quoted, [*[0] * 480, P.size]).fold(eager_params()).fired("volume_spike")
    assert fresh == []
    assert len(later) == 1


# --- contracts that rarely trade ------------------------------------------------------------------------


def test_cold_contract_without_a_pool_is_not_judged(quoted, eager_params) -> None:
    habit(quoted, [2] * (P.warm_buckets - 5) + [BIG])
    assert quoted.fold(eager_params()).fired("volume_spike") == []


@pytest.mark.parametrize(("size", "fires"), [(2, True), (BIG // 2, False)])
def test_cold_contract_is_judged_by_what_its_neighbours_trade(quoted, eager_params, size, fires) -> None:
    """As soon as the pool is warm its mean is that of its buckets, not a share of it."""
    habit(quoted, [size] * (P.warm_buckets + 2), cid=2)
    quoted.trade(1.00, BIG, at=(P.warm_buckets + 3) * WIDTH)
    found = [s for s in quoted.fold(eager_params()).fired("volume_spike") if s["cid"] == CALL]
    assert len(found) == fires
    if fires:
        assert found[0]["evidence"][3] == pytest.approx(size, rel=1e-9)


def test_neighbours_of_another_moneyness_do_not_count(quoted, eager_params) -> None:
    habit(quoted, [2] * (P.warm_buckets + 2), cid=2)
    quoted.trade(1.00, BIG, at=(P.warm_buckets + 3) * WIDTH, cid=OTHER)
    assert quoted.fold(eager_params()).fired("volume_spike") == []


# --- who, and what is left out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "cond", "direction", "confidence"),
    [(1.00, 0, 1, 0.8), (0.90, 0, -1, 0.8), (1.00, 231, 0, 0.0), (0.95, 229, 0, 0.0)],
)
def test_direction_is_claimed_only_with_side_confidence(
    quoted, eager_params, price, cond, direction, confidence
) -> None:
    habit(quoted, [20] * WARM)
    quoted.quote(0.90, 1.00, at=WARM * WIDTH).trade(price, BIG, at=WARM * WIDTH + 1, cond=cond)
    (signal,) = quoted.fold(eager_params()).fired("volume_spike")
    assert signal["direction"] == direction
    assert signal["side_confidence"] == pytest.approx(confidence)


def test_bought_and_sold_in_one_bucket_is_neutral(quoted, eager_params) -> None:
    habit(quoted, [20] * WARM)
    at = WARM * WIDTH + 1
    quoted.trade(1.00, P.size // 2, at=at).trade(0.90, P.size // 2 + 1, at=at + 1)
    (signal,) = quoted.fold(eager_params()).fired("volume_spike")
    assert signal["direction"] == 0
    assert signal["side_confidence"] < SHARED.neutral_below


@pytest.mark.parametrize("cond", [201, 202, 208, 210, 232, 239, 247])
def test_cancels_late_opening_multi_leg_and_compression_prints_are_no_news(
    quoted, eager_params, cond
) -> None:
    habit(quoted, [20] * WARM).trade(1.00, BIG, at=WARM * WIDTH, cond=cond)
    folded = quoted.fold(eager_params())
    assert folded.fired("volume_spike") == []
    assert folded.cell()["bucket_volume"] in (0, 20)


def test_what_one_print_makes_is_a_block_and_no_spike(tape, new_tape, fold_events) -> None:
    """The same contracts in one print and in many."""

    def spike(tape, sizes):
        tape.spot(685.0, at=0).quote(0.90, 1.00, at=0)
        habit(tape, [20] * WARM)
        for k, size in enumerate(sizes):
            tape.trade(1.00, size, at=WARM * WIDTH + k / 10)
        return {RULE_NAMES[s["rule"]] for s in tape.fold().signals}

    assert spike(tape, [BIG // 10] * 10) == {"volume_spike"}
    assert spike(new_tape(), [BIG - 10, 10]) == {"block"}


# --- the first monitor's arithmetic ---------------------------------------------------------------------


def test_seed_example_is_ratio_three_with_strength_four_fifths(quoted, eager_params) -> None:
    """1,500 contracts against an average of 500."""
    habit(quoted, [500] * WARM + [1500])
    (signal,) = quoted.fold(eager_params(PRESETS["seed"])).fired("volume_spike")
    found = dict(RULE.named(signal["evidence"].tolist()))
    assert signal["seed"] == 1
    assert found["ratio"] == pytest.approx(3.0, rel=1e-9)
    assert found["usual_volume"] == pytest.approx(500, rel=1e-9)
    assert signal["strength"] == pytest.approx(0.8, rel=1e-9)


def test_seed_needs_no_size(quoted, eager_params) -> None:
    habit(quoted, [1] * 400 + [4])
    (signal,) = quoted.fold(eager_params(PRESETS["seed"])).fired("volume_spike")
    plain = max(baseline([1] * 400)[2], 1.0)
    assert signal["evidence"][1] == pytest.approx(4 / plain, rel=1e-9)


def test_bucket_ends_stand_on_round_times_of_tape(quoted, eager_params) -> None:
    cell = habit(quoted, [5, 0, 5]).fold(eager_params()).cell()
    assert cell["bucket_end"] % int(WIDTH * NS) == 0
    assert cell["bucket_end"] - quoted.events["ts"][-1] == WIDTH / 2 * NS
    assert cell["bucket_premium"] == 5 * 100 * PRICE_SCALE
