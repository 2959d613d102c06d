"""What holds for all tests."""

import signal
from collections.abc import Generator
from types import FrameType

import pytest
from hypothesis import settings

settings.register_profile("spymon", deadline=None)  # a first example compiles, and machines are busy
settings.load_profile("spymon")

LIMIT_S = 480
"""Longer than any wait of a test has patience for: only one without an end ever gets there."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that hangs where it hangs, so that it cleans up and the others are run."""
    if not hasattr(signal, "SIGALRM"):  # Windows; an alarm is all that ends a wait from outside
        return (yield)

    def hangs(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"{item.nodeid} has not ended within {LIMIT_S} s.")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(LIMIT_S)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
