"""The reference pages are what their tables make of them."""

from __future__ import annotations

import pytest

from docs import generate
from engine.fold.params import setting_names
from engine.model import errors
from tui.cli.parser import build_parser
from tui.screen.keys import TABLE
from tui.settings.setting import KEYS, SETTINGS


@pytest.mark.parametrize("name", generate.pages())
def test_a_committed_page_is_what_is_generated(name: str) -> None:
    committed = (generate.FOLDER / name).read_text("utf-8")
    assert committed == generate.pages()[name], "run `make docs` and commit what it writes"


def test_nothing_else_lies_among_the_generated_pages() -> None:
    assert {path.name for path in generate.FOLDER.iterdir()} == set(generate.pages())


def test_every_key_setting_threshold_and_command_is_on_its_page() -> None:
    made = generate.pages()
    assert [key.id for key in TABLE if f"`{key.id.format('N')}`" not in made["keys.md"]] == []
    assert [each.key for each in SETTINGS if f"| `{each.key}` |" not in made["settings.md"]] == []
    assert [name for name in KEYS if f"| `{name}` |" not in made["settings.md"]] == []
    assert [name for name in setting_names() if f"| `{name}` |" not in made["thresholds.md"]] == []
    commands = generate.subcommands(build_parser())
    assert [name for name in commands if f"## `spymon {name}`" not in made["commands.md"]] == []


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")]
    assert {each.exit_code for each in kinds} <= {code for code, _ in generate.EXIT_CODES}


def test_a_long_line_of_words_is_cut_between_words() -> None:
    assert list(generate.wrapped(["one", "two", "three"], width=9)) == ["one two", "    three"]
