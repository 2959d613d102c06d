from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.contracts import Contract
from engine.model.events import MISSING
from engine.views.view import Counts, Flow, Leg, Print, SignalHistory, SignalRow

CONTRACT = Contract("SPY", date(2025, 12, 16), "C", 684_000)


def signal(ts_ns: int) -> SignalRow:
    return SignalRow(
        ts_ns=ts_ns, rule="price_move", contract=CONTRACT, cid=1, direction="buy", strength=0.5,
        side_confidence=0.0, mid_before=MISSING, mid_after=MISSING, evidence=(("z", 6.5),), reason="moved",
        version="price_move/default/1",
    )  # fmt: skip


ROWS = [signal(ts_ns) for ts_ns in range(6)]


def log(n: int) -> SignalHistory:
    return SignalHistory(ROWS, n)


class TestSignalLog:
    def test_it_is_a_sequence_of_the_first_rows(self) -> None:
        shown = log(4)
        assert isinstance(shown, Sequence)
        assert (len(shown), list(shown), shown[0], shown[3]) == (4, ROWS[:4], ROWS[0], ROWS[3])

    @given(st.integers(0, 6), st.integers(-8, 8))
    def test_an_index_means_what_it_means_in_a_list(self, n: int, index: int) -> None:
        plain, shown = ROWS[:n], log(n)
        if -n <= index < n:
            assert shown[index] is plain[index]
        else:
            with pytest.raises(IndexError):
                shown[index]

    @given(
        st.integers(0, 6),
        st.builds(
            slice,
            st.none() | st.integers(-8, 8),
            st.none() | st.integers(-8, 8),
            st.none() | st.integers(-3, 3).filter(bool),
        ),
    )
    def test_a_slice_means_what_it_means_in_a_list(self, n: int, part: slice) -> None:
        assert log(n)[part] == ROWS[:n][part]

    @given(st.integers(0, 6))
    def test_it_can_be_walked_backwards(self, n: int) -> None:
        assert list(reversed(log(n))) == ROWS[:n][::-1]

    def test_membership_stops_at_its_own_end(self) -> None:
        assert ROWS[1] in log(2)
        assert ROWS[2] not in log(2)
        assert log(2).index(ROWS[1]) == 1

    def test_it_does_not_grow_with_the_list_behind_it(self) -> None:
        rows = ROWS[:2]
        shown = SignalHistory(rows, 2)
        rows.append(ROWS[2])
        assert list(shown) == ROWS[:2]

    def test_an_empty_one_is_false(self) -> None:
        assert not log(0)
        assert log(1)


class TestFrozen:
    @pytest.mark.parametrize(
        ("value", "name"),
        [
            (signal(1), "strength"),
            (Counts(1, 1, 0, 0, 0, 0, 0), "events"),
            (Flow(0, 0, 0, 0, 0, 0, 0, 0, 0), "buy_volume"),
            (Print(1, 10_000, 2, 1, 0.8, "at ask", ""), "side"),
        ],
    )
    def test_what_was_shown_cannot_be_changed(self, value: object, name: str) -> None:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 0)

    def test_legs_are_told_apart_by_identity_not_by_comparing_columns(self) -> None:
        column = np.zeros(2)
        one, other = (Leg(*[column] * 19) for _ in range(2))
        assert one == one
        assert one != other


def test_a_view_can_be_taken_apart_without_compiling_or_reading_anything() -> None:
    """The first paint imports this module, and must not wait for the engine."""
    heavy = "{'numba', 'pyarrow', 'pandas', 'asyncio', 'textual'}"
    program = (
        f"import sys, engine.views.view, engine.views.commands; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("rule", "right", "direction", "action", "bias"),
    [
        ("sweep", "C", "buy", "calls bought", "up"),
        ("sweep", "P", "buy", "puts bought", "down"),
        ("block", "C", "sell", "calls sold", "down"),
        ("volume_spike", "P", "sell", "puts sold", "up"),
        ("volume_spike", "P", "neutral", "puts traded", "none"),
        ("price_move", "P", "buy", "puts bid up", "down"),
        ("price_move", "C", "sell", "calls lower", "down"),
        ("fmv_divergence", "C", "sell", "calls rich", "none"),
        ("spread_tightening", "C", "neutral", "spread tight", "none"),
        ("zero_gamma_cross", None, "sell", "below flip", "down"),
        ("wall_break", None, "buy", "wall broken", "up"),
        ("regime_change", None, "neutral", "γ turned", "none"),
        ("user:mine", "P", "buy", "puts bought", "down"),
        ("user:mine", None, "buy", "spot bought", "up"),
    ],
)
def test_a_row_says_what_was_done_and_what_that_means_for_the_underlying(
    rule: str, right: str | None, direction: str, action: str, bias: str
) -> None:
    contract = Contract("SPY", date(2025, 12, 16), right, 685_000) if right else None
    row = replace(ROWS[0], rule=rule, contract=contract, direction=direction)
    assert (row.action, row.bias) == (action, bias)
