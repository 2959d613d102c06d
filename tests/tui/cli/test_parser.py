"""The grammar: what is understood, and the one sentence for what is not."""

from __future__ import annotations

import pytest

from engine.model.errors import UsageError
from tui.cli.parser import build_parser, parse_args

CONTRACT = (
    "--replay", "--speed", "--from", "--to", "--symbol", "--custom", "--expiry", "--strikes", "--source",
    "--preset", "--data-dir", "--headless", "--json", "--fps", "--config", "--version", "--help", "--seed",
)  # fmt: skip


def test_every_flag_of_the_contract_exists() -> None:
    options = build_parser().format_help()
    for flag in [*CONTRACT, "-v"]:
        assert flag in options, flag


@pytest.mark.parametrize("command", ["days", "import", "levels", "snapshot", "verify", "compact", "config"])
def test_help_names_every_command(command: str) -> None:
    assert f"  {command} " in build_parser().format_help()


def test_only_what_was_typed_is_an_attribute() -> None:
    assert vars(parse_args([])) == {"command": None}
    assert vars(parse_args(["--speed", "4", "--json"])) == {"command": None, "speed": "4", "json": True}


@pytest.mark.parametrize("argv", [["--data-dir", "d", "days"], ["days", "--data-dir", "d"]])
def test_common_flags_stand_on_either_side_of_a_command(argv: list[str]) -> None:
    args = parse_args(argv)
    assert (args.command, args.data_dir) == ("days", "d")


def test_a_negative_number_is_a_value_and_no_flag() -> None:
    assert parse_args(["--speed", "-5"]).speed == "-5"
    assert parse_args(["--speed=-5"]).speed == "-5"


def test_custom_can_be_repeated() -> None:
    assert parse_args(["--custom", "A:1", "--custom", "B:2"]).custom == ["A:1", "B:2"]


def test_commands_take_their_arguments() -> None:
    load = parse_args(["import", "a.csv", "b", "--symbol", "GOOG", "--date", "2015-12-24"])
    assert (load.paths, load.symbol, load.date) == (["a.csv", "b"], "GOOG", "2015-12-24")
    verify = parse_args(["verify", "2015-12-24", "--symbol", "GOOG"])
    assert (verify.date, verify.symbol) == ("2015-12-24", "GOOG")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--sped 4", "--sped is not a flag of spymon; did you mean --speed?"),
        ("--replay 2025-12-16 --fro 10:00", "--fro is not a flag of spymon; did you mean --from?"),
        ("--xyzzy", "--xyzzy is not a flag of spymon; see spymon --help."),
        ("-x", "-x is not a flag of spymon; see spymon --help."),
        ("days --speed 4", "--speed is not a flag of spymon days; see spymon days --help."),
        ("dayz", "'dayz' is no command of spymon; did you mean days?"),
        ("config shw", "'shw' is no action of spymon; did you mean show?"),
        ("verify 2025-12-16 x", "x is one argument too many; see spymon verify --help."),
        ("--speed", "Wrong usage: argument --speed: expected one argument; see spymon --help."),
    ],
)
def test_what_is_not_understood_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_args(line.split())
    assert str(caught.value) == sentence


@pytest.mark.parametrize("command", ["export", "doctor"])
def test_commands_of_later_versions_do_not_exist_yet(command: str) -> None:
    with pytest.raises(UsageError, match=f"'{command}' is no command"):
        parse_args([command])


@pytest.mark.parametrize("line", ["import", "backfill", "cache", "verify", "config"])
def test_a_command_without_its_argument_is_wrong_usage(line: str) -> None:
    with pytest.raises(UsageError, match="required"):
        parse_args([line])


def test_abbreviations_are_not_accepted() -> None:
    with pytest.raises(UsageError, match="--head is not a flag"):
        parse_args(["--head"])
