"""What a person may write as a setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.readers import address, choice, number, whole, yes


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (whole(1, 10), " 7 ", 7),
        (number(-1, 1), "-0.5", -0.5),
        (choice("one", "two"), " Two", "two"),
        (yes, "YES", True),
        (yes, "0", False),
        (address("wss", "ws"), "ws://127.0.0.1:81/", "ws://127.0.0.1:81"),
        (address("https"), "https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_what_is_meant_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (whole(1, 10), "0"),
        (whole(1, 10), "11"),
        (whole(1, 10), "2.5"),
        (number(0, 1), "nan"),
        (number(0, 1), "1.01"),
        (choice("one", "two"), "three"),
        (yes, "perhaps"),
        (address("wss"), "ws://host"),
        (address("wss"), "wss://"),
        (address("wss"), "wss://host/path"),
        (address("wss"), "host"),
    ],
)
def test_anything_else_is_a_value_error(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read(text)
