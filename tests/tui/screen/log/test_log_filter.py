from __future__ import annotations

import pytest

from tui.screen.log import log_filter


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spike",
        "685c",
        "SPIKE 685C",
        "call",
        "buy",
        ">100k",
        ">0.4m",
        "<1m",
        "z>6",
        "strength>0.7",
        "-put",
        "spy",
    ],
)
def test_lets_through(make_signal, text: str) -> None:
    assert log_filter.test_of(text)(make_signal(1))


@pytest.mark.parametrize(
    "text",
    ["fmv", "685p", "spike 680c", "put", "sell", ">413k", "z<6", "strength>0.9", "-spike", "vega>0", "qqq"],
)
def test_holds_back(make_signal, text: str) -> None:
    assert not log_filter.test_of(text)(make_signal(1))


@pytest.mark.parametrize("text", [">", "z>", ">abc", "-", "((", "  "])
def test_anything_typed_is_a_filter(make_signal, text: str) -> None:
    assert log_filter.test_of(text)(make_signal(1)) in (True, False)
