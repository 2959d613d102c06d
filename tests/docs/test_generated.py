"""The reference pages are what their tables make of them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from docs import generate
from engine.feeds.provider import Capabilities
from engine.feeds.registry import FEEDS, PROVIDERS
from engine.fold.params import THRESHOLDS
from engine.fold.rules.catalogue import rules
from engine.model import errors
from tests.docs.pages import code_in, rows, sections
from tests.paths import ROOT
from tui.cli.command_table import COMMANDS
from tui.screen.keys import TABLE
from tui.settings.setting import KEYS, SETTINGS

README = ROOT / "README.md"


@pytest.mark.parametrize("name", generate.pages())
def test_a_committed_page_is_what_is_generated(name: str) -> None:
    committed = (generate.FOLDER / name).read_text("utf-8")
    assert committed == generate.pages()[name], "run `make docs` and commit what it writes"


def test_the_tables_of_the_page_of_signals_are_what_is_generated() -> None:
    committed = generate.SIGNALS.read_text("utf-8")
    assert committed == generate.filled(committed), "run `make docs` and commit what it writes"


def test_every_rule_has_a_section_with_its_thresholds_and_its_evidence_in_order() -> None:
    told = [each for each in sections(generate.SIGNALS).values() if "| evidence | unit |" in each]
    assert len(told) == len(rules())
    for section, rule in zip(told, rules(), strict=True):
        assert f"`{rule.name}`: {rule.fires}" in section
        first = [code_in(cells[0])[0] for cells in rows(section)]
        own = [name for name, each in THRESHOLDS.items() if each.rule == rule.name]
        assert first == [*own, *(column.name for column in rule.evidence)]


def test_what_stands_outside_the_marks_is_left_alone() -> None:
    page = "# By hand\n\n<!-- made: block -->\nmade before\n<!-- made. -->\n\nBy hand, too\n"
    made = generate.filled(page)
    assert made.startswith("# By hand\n\n<!-- made: block -->\n`block`: ")
    assert made.endswith("\n<!-- made. -->\n\nBy hand, too\n")
    assert "made before" not in made


def test_nothing_else_lies_among_the_generated_pages() -> None:
    assert {path.name for path in generate.FOLDER.iterdir()} == set(generate.pages())


def test_every_key_setting_threshold_and_command_is_on_its_page() -> None:
    made = generate.pages()
    assert [key.id for key in TABLE if f"| `{key.id.format('N')}` |" not in made["keys.md"]] == []
    assert [each.key for each in SETTINGS if f"| `{each.key}` |" not in made["settings.md"]] == []
    assert [name for name in KEYS if f"| `{name}` |" not in made["settings.md"]] == []
    assert [name for name in THRESHOLDS if f"| `{name}` |" not in made["thresholds.md"]] == []
    assert [each.name for each in COMMANDS if f"## `spymon {each.name}`" not in made["commands.md"]] == []


def test_every_provider_is_on_its_page_with_all_that_it_can_give() -> None:
    made = generate.pages()["providers.md"]
    told = {cells[0]: cells[1:] for cells in rows(made)}
    assert list(generate.CAPABILITIES) == [each.name for each in fields(Capabilities)]
    assert [each for each in generate.CAPABILITIES.values() if each not in told] == []
    assert all(f"`{name}`" in made for name in FEEDS)
    assert told["proven"] == [provider.proof.value for provider, _ in FEEDS.values()]
    assert told["each trade by itself, not only day volumes"] == ["yes", "no", "yes"]


def test_the_readme_says_how_far_each_provider_of_a_real_market_is_proven() -> None:
    said = README.read_text("utf-8")
    real = [each for each in PROVIDERS if not each.simulated]
    assert [each.label for each in real if each.label not in said or each.proof.value not in said] == []


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")]
    assert {each.exit_code for each in kinds} <= {code for code, _ in generate.EXIT_CODES}


def test_what_can_be_left_out_stays_in_one_piece() -> None:
    usage = "spymon x DATE... [--custom ROOT:INCREMENT[:PREFIX]] [-q]"
    assert list(generate.wrapped(generate.pieces(usage), width=40)) == [
        "spymon x DATE...",
        "    [--custom ROOT:INCREMENT[:PREFIX]]",
        "    [-q]",
    ]


def test_a_long_line_of_words_is_cut_between_words() -> None:
    assert list(generate.wrapped(["one", "two", "three"], width=9)) == ["one two", "    three"]
