"""Which of the installed rules can be used, and the sentence for each that cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tui.run.user_rules import GROUP, load_rules

MODULE = """
class Fine:
    name = "fine"
    every_s = 2.5
    def look(self, view, batch, contracts):
        return []

class Plain(Fine):
    name = "plain"
    every_s = 5
    version = "7"

class Shouting(Fine):
    name = "FINE"

class Frantic(Fine):
    name = "frantic"
    every_s = 0

class Idle:
    name = "idle"

class Moody(Fine):
    def __init__(self):
        raise OSError("not today")

def gone():
    raise SystemExit("bye")
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "my_rules.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken_rules.py").write_text("import no_such_thing\n", encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    yield
    sys.path.remove(str(tmp_path))
    sys.modules.pop("my_rules", None)


def point(name: str, where: str) -> EntryPoint:
    return EntryPoint(name, where, GROUP)


def test_a_rule_is_known_by_its_own_name_with_its_time_and_version() -> None:
    found = load_rules([point("a", "my_rules:Fine"), point("b", "my_rules:Plain")], ())
    assert [(kind.name, kind.every_ns, kind.version) for kind in found.kinds] == [
        ("fine", 2_500_000_000, "1"),
        ("plain", 5_000_000_000, "7"),
    ]
    assert found.sentences == ()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            "broken_rules:X",
            "The rule x is left out: it raised ModuleNotFoundError (No module named 'no_such_thing') "
            "while it was loaded.",
        ),
        ("my_rules:Moody", "The rule x is left out: it raised OSError (not today) while it was loaded."),
        ("my_rules:gone", "The rule x is left out: it raised SystemExit (bye) while it was loaded."),
        (
            "my_rules:Shouting",
            "The rule x is left out: my_rules:Shouting has the name 'FINE'; use lower case letters, digits, "
            "- and _, 32 at most.",
        ),
        (
            "my_rules:Frantic",
            "The rule x is left out: my_rules:Frantic looks every 0 s; every_s must lie between 0.1 "
            "and 3600.",
        ),
        (
            "my_rules:Idle",
            "The rule x is left out: my_rules:Idle has no method look(view, batch, contracts).",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_is_left_out_with_a_sentence_and_the_others_stay(
    where: str, sentence: str
) -> None:
    found = load_rules([point("x", where), point("y", "my_rules:Plain")], ())
    assert found.sentences == (sentence,)
    assert [kind.name for kind in found.kinds] == ["plain"]


def test_of_two_rules_with_one_name_the_first_stays() -> None:
    found = load_rules([point("a", "my_rules:Fine"), point("b", "my_rules:Fine")], ())
    assert found.sentences == ("The rule b is left out: another is called fine already.",)
    assert len(found.kinds) == 1


@pytest.mark.parametrize("disabled", ["a", "fine"])
def test_a_disabled_rule_is_named_by_either_of_its_names(disabled: str) -> None:
    assert load_rules([point("a", "my_rules:Fine")], (disabled,)).kinds == ()


def test_a_rule_that_is_disabled_by_its_entry_point_is_not_even_imported() -> None:
    assert load_rules([point("a", "broken_rules:X")], ("a",)).sentences == ()
