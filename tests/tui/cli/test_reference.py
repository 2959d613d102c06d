"""The reference that pages are made from: every command, how it is used, and what its arguments mean."""

from __future__ import annotations

from tui.cli.command_table import COMMANDS
from tui.cli.reference import command_reference


def test_spymon_alone_comes_first_then_every_command() -> None:
    names = [each.name for each in command_reference()]
    assert names == ["spymon", *(f"spymon {entry.name}" for entry in COMMANDS)]


def test_usage_has_the_words_first_and_brackets_around_what_can_be_left_out() -> None:
    usage = {each.name: each.usage for each in command_reference()}
    assert usage["spymon days"] == "spymon days [--json]"
    assert usage["spymon import"] == "spymon import PATH... [--symbol S] [--date D]"
    assert usage["spymon cache"] == "spymon cache stats|clear [DATE] [--yes] [--json]"
    assert usage["spymon alert"] == "spymon alert --test [--channel X]"


def test_an_argument_is_told_as_it_is_written_under_its_heading() -> None:
    told = {each.name: each.arguments for each in command_reference()}
    assert ("-v, --verbose", "show the traceback of a failure", "everywhere") in told["spymon"]
    assert ("--from T", "start at HH:MM[:SS] exchange time (open)", "replay") in told["spymon"]
    assert told["spymon verify"] == (
        ("DATE", "the day, YYYY-MM-DD", ""),
        ("--symbol S", "only this underlying", ""),
    )
