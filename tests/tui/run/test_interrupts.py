"""Ctrl-C: last words, whole lines, and a way out that needs no exception."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.paths import ROOT
from tui.run.interrupts import InterruptHandler

pytestmark = pytest.mark.skipif(os.name != "posix", reason="only POSIX delivers signals to one process")

PRELUDE = """
import os, signal, sys, time
from tui.run.interrupts import InterruptHandler
leaver = InterruptHandler()
def interrupt(number=signal.SIGINT):
    os.kill(os.getpid(), number)
def say(text):
    os.write(1, text.encode() + b";")
"""


def run(script: str) -> tuple[int, str, str]:
    """Run a script after the prelude; return its exit code and both outputs."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_last_words_are_said_and_nothing_is_unwound(number: str, code: int) -> None:
    script = f"""
with leaver.at_once(), leaver.saying(lambda: say("first")), leaver.saying(lambda: say("second")):
    try:
        interrupt(signal.{number})
        say("went on")
    finally:
        say("unwound")
"""
    assert run(script) == (code, "second;first;", "")


def test_words_of_a_block_that_is_over_are_not_said() -> None:
    script = """
with leaver.at_once():
    with leaver.saying(lambda: say("over")):
        pass
    interrupt()
"""
    assert run(script) == (130, "", "")


def test_what_must_be_whole_is_finished_first() -> None:
    script = """
with leaver.at_once(), leaver.saying(lambda: say("last words")):
    with leaver.whole():
        interrupt()
        say("half")
        with leaver.whole():
            say("inner")
        say("whole")
    say("went on")
"""
    assert run(script) == (130, "half;inner;whole;last words;", "")


def test_last_words_may_ask_to_be_whole_themselves() -> None:
    script = """
def words():
    with leaver.whole():
        say("words")
with leaver.at_once(), leaver.saying(words):
    with leaver.whole():
        interrupt()
    say("went on")
"""
    assert run(script) == (130, "words;", "")


def test_a_second_interruption_waits_for_nothing() -> None:
    script = """
with leaver.at_once(), leaver.saying(lambda: say("last words")):
    with leaver.whole():
        interrupt()
        interrupt()
        say("went on")
"""
    assert run(script) == (130, "", "")


def test_words_that_nobody_reads_do_not_hold_the_process() -> None:
    script = """
def words():
    while True:
        time.sleep(60)
with leaver.at_once(), leaver.saying(words):
    interrupt()
"""
    assert run(script) == (130, "", "")


def test_words_to_a_closed_pipe_do_not_stop_the_others() -> None:
    script = """
def broken():
    raise BrokenPipeError
with leaver.at_once(), leaver.saying(lambda: say("still said")), leaver.saying(broken):
    interrupt()
"""
    assert run(script) == (130, "still said;", "")


def test_inside_by_exception_the_interruption_unwinds() -> None:
    script = """
with leaver.at_once(), leaver.saying(lambda: say("last words")):
    try:
        with leaver.by_exception():
            interrupt()
            say("went on")
    except KeyboardInterrupt:
        say("unwound")
    interrupt()
"""
    assert run(script) == (130, "unwound;last words;", "")


@pytest.mark.parametrize("turned_into", ["pass", "raise AttributeError('half imported')"])
def test_an_interruption_that_got_lost_within_still_unwinds(turned_into: str) -> None:
    script = f"""
with leaver.at_once():
    try:
        with leaver.unwound():
            try:
                interrupt()
            except KeyboardInterrupt:
                {turned_into}
    except KeyboardInterrupt:
        say("unwound")
"""
    assert run(script) == (0, "unwound;", "")


def test_one_can_ask_whether_an_interruption_got_lost() -> None:
    script = """
with leaver.at_once():
    try:
        with leaver.unwound() as check:
            check()
            try:
                interrupt()
            except KeyboardInterrupt:
                say("swallowed")
            check()
            say("went on")
    except KeyboardInterrupt:
        say("unwound")
"""
    assert run(script) == (0, "swallowed;unwound;", "")


def test_what_fails_without_an_interruption_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), InterruptHandler().unwound():
        raise ZeroDivisionError
    with InterruptHandler().unwound():
        pass


def test_an_interruption_that_the_parent_ignores_is_ignored() -> None:
    script = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
with leaver.at_once():
    with leaver.by_exception():
        interrupt()
    interrupt()
    say("went on")
"""
    assert run(script) == (0, "went on;", "")


def test_afterwards_the_handlers_are_those_of_before() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    leaver = InterruptHandler()
    with leaver.at_once():
        inside = [signal.getsignal(number) for number in numbers]
        with leaver.by_exception():
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert [signal.getsignal(number) for number in numbers] == inside
    assert [signal.getsignal(number) for number in numbers] == before
    assert inside[0] not in before


def test_on_its_own_it_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with InterruptHandler().by_exception():
        assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("presses", "outcome"), [(1, (130, "a;b;summary;", "")), (2, (130, "a;", ""))])
def test_a_live_run_without_a_screen_ends_with_its_summary_or_at_once(
    presses: int, outcome: tuple[int, str, str]
) -> None:
    script = f"""
import threading
from tui.cli.headless import ended
stop = threading.Event()
def items():
    yield "a"
    for _ in range({presses}):
        interrupt()
    yield "b"
    yield "summary" if stop.is_set() else "went on"
with leaver.at_once():
    for item in ended(items(), leaver, stop):
        say(item)
sys.exit(130 if stop.is_set() else 0)
"""
    assert run(script) == outcome
