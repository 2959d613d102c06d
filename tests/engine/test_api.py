from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import engine
from tests.paths import ROOT

PAGE = ROOT / "docs" / "library.md"

NAMES = [
    "Badge",
    "ChainFile",
    "ChainStats",
    "ConfigError",
    "Contract",
    "ContractTable",
    "Counts",
    "CredentialError",
    "DayStore",
    "Detail",
    "ExposureChoice",
    "FiredSignal",
    "Flow",
    "FlowLines",
    "FlowQuery",
    "FoldParams",
    "Gamma",
    "GoLive",
    "Heat",
    "HeatQuery",
    "HorizonOutcome",
    "JumpSignal",
    "Lag",
    "Leg",
    "Levels",
    "Link",
    "LiveSource",
    "LiveTape",
    "Monitor",
    "NoDataError",
    "OptionChain",
    "Outcome",
    "PRESETS",
    "PastProfile",
    "PastProfileQuery",
    "Pause",
    "PlayerParams",
    "ProviderError",
    "Query",
    "Quote",
    "Rule",
    "Score",
    "ScoreQuery",
    "Scoreboard",
    "Seek",
    "SelectBasis",
    "SelectConvention",
    "SelectExpiry",
    "SelectScope",
    "SelectSymbol",
    "SetSpeed",
    "SideParams",
    "SignalHistory",
    "SignalParams",
    "SignalRow",
    "SignalTape",
    "SignalTapeQuery",
    "SimulatedSource",
    "Skip",
    "Smile",
    "SmileQuery",
    "Source",
    "SpymonError",
    "Status",
    "Step",
    "StoreError",
    "StrikeExposure",
    "Summary",
    "Tape",
    "TapeInfo",
    "TapeWriter",
    "Terms",
    "Timeline",
    "Top",
    "TopQuery",
    "TopRow",
    "Trade",
    "Underlying",
    "UsageError",
    "UseSource",
    "UserSignal",
    "View",
    "WhatIf",
    "WhatIfComparison",
    "WhatIfQuery",
    "alive",
    "follow",
    "kind_of",
    "levels_of",
    "measure",
    "parse_custom",
    "read_chain",
    "replay",
]
"""What people may rely on; a name that leaves this list breaks their programs."""


def listed() -> list[tuple[str, str]]:
    """Each name that type checkers are shown, and its module, as Python reads the list."""
    shown = next(
        node for node in ast.parse(Path(engine.__file__).read_text("utf-8")).body if isinstance(node, ast.If)
    )
    imports = [node for node in shown.body if isinstance(node, ast.ImportFrom)]
    return [(f".{node.module}", alias.asname) for node in imports for alias in node.names]


def alone(program: str) -> str:
    """What a program prints in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def page_example(mark: str = "example") -> str:
    marked = re.search(rf"<!-- {mark} -->\s*```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert marked, f"{PAGE} has no ```python block after <!-- {mark} -->"
    return marked[1]


def printed(program: str) -> list[str]:
    """What a program of the page prints, line by line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, str(PAGE), "exec"), {"__name__": "__main__"})
    return out.getvalue().splitlines()


def statements(code: str) -> list[str]:
    """A program's statements in one spelling, whatever its blank lines and comments."""
    return [ast.unparse(each) for each in ast.parse(textwrap.dedent(code)).body]


class TestNames:
    def test_the_public_names_are_these(self) -> None:
        assert engine.__all__ == NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_each_can_be_imported_and_is_what_it_is_called(self, name: str) -> None:
        found = getattr(engine, name)
        assert getattr(found, "__name__", name) == name
        assert getattr(found, "__doc__", None)

    def test_each_is_the_one_of_its_home(self) -> None:
        for home, name in listed():
            assert getattr(engine, name) is getattr(import_module(home, "engine"), name), name

    def test_a_type_checker_sees_the_same_names(self) -> None:
        assert sorted(name for _, name in listed()) == NAMES

    def test_a_prompt_completes_them(self) -> None:
        assert set(NAMES) <= set(dir(engine))

    def test_every_query_is_public(self) -> None:
        assert {each.__name__ for each in engine.Query.__subclasses__()} <= set(engine.__all__)

    def test_every_command_is_public(self) -> None:
        from engine.views.commands import Command

        assert {each.__name__ for each in get_args(Command)} <= set(engine.__all__)

    def test_a_name_that_is_not_there_is_an_attribute_error(self) -> None:
        with pytest.raises(AttributeError, match="module 'engine' has no attribute 'Oracle'"):
            _ = engine.Oracle


class TestCost:
    def test_importing_the_package_loads_nothing_heavy(self) -> None:
        heavy = "{'numba', 'numpy', 'pyarrow', 'pandas', 'asyncio', 'textual'}"
        assert alone(f"import sys, engine; print(sorted({heavy} & set(sys.modules)))") == "[]"

    def test_an_error_can_be_caught_without_compiling_anything(self) -> None:
        program = "import sys; from engine import SpymonError; print('numba' in sys.modules)"
        assert alone(program) == "False"


class TestExample:
    def test_the_page_s_example_runs_and_shows_views_signals_and_counts(self) -> None:
        lines = printed(page_example())
        assert lines[-1].startswith("Counts(events=")
        views = [line.split() for line in lines if line.split()[0].isdigit()]
        signals = [line for line in lines if line.startswith("DIA ")]
        assert len(views) > 1
        assert [int(line[0]) for line in views] == sorted(int(line[0]) for line in views)
        assert f"signals={len(signals)})" in lines[-1]

    def test_what_a_view_does_not_show_can_be_asked_for(self) -> None:
        heat, *scores = printed(page_example("example: ask"))
        unit, minutes, convention = re.fullmatch(r"(.+) \(\d+, (\d+)\) (\w+)", heat).groups()
        assert (unit, convention) == ("shares per $1", "flow")
        assert int(minutes) > 380
        assert {score.split()[1] for score in scores} == {"60", "300", "900"}

    def test_the_package_s_docstring_shows_the_same_program(self) -> None:
        assert engine.__doc__ is not None
        shown = re.search(r"\n\n((?:    .*\n|\n)+)", engine.__doc__)
        assert shown, "the docstring of engine shows no program"
        assert statements(shown[1]) == statements(page_example())
