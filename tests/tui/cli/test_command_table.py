"""The table of commands: what it names exists, and what exists is named."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import tui.cli.commands
from tui.cli.command_table import COMMANDS, WITHOUT_COMMAND, CommandEntry
from tui.cli.parser import parse_args
from tui.settings.setting import SETTINGS


def is_command(file: Path) -> bool:
    return "\ndef run(args: argparse.Namespace" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_entry_names_a_function_that_takes_the_line_the_settings_and_the_interrupts(
    entry: CommandEntry,
) -> None:
    module, _, function = entry.run.partition(":")
    run = getattr(import_module(f"tui.cli.commands.{module}"), function)
    assert list(inspect.signature(run).parameters) == ["args", "settings", "interrupts"]


def test_every_file_that_holds_a_command_stands_in_the_table_once() -> None:
    (folder,) = tui.cli.commands.__path__
    files = {file.stem for file in Path(folder).glob("*.py") if is_command(file)}
    assert files == {entry.run.partition(":")[0] for entry in COMMANDS}
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS) == len(files)


def test_every_flag_that_is_a_setting_is_known_to_the_settings() -> None:
    arguments = [*WITHOUT_COMMAND, *(each for entry in COMMANDS for each in entry.arguments)]
    flags = {each.attribute for each in arguments if each.setting}
    assert flags <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_help_of_a_command_says_what_it_does(
    entry: CommandEntry, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_args([entry.name, "--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert all(text in shown for text in (entry.help, *(each.help for each in entry.arguments)))


def test_the_table_is_read_without_a_command_being_imported() -> None:
    code = (
        "import sys, tui.cli.parser, tui.cli.reference; tui.cli.parser.build_parser()\n"
        "assert not [name for name in sys.modules if name.startswith('tui.cli.commands')]\n"
        "assert not {'numpy', 'numba', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
