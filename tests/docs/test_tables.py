"""What the pages' tables list is what the code has: JSON keys, columns, sentences."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from docs.generate import EXIT_CODES
from engine.model import errors
from engine.store.importer.layouts import LAYOUTS
from tests.docs.pages import code_in, rows, sections
from tests.docs.shell import commands, elsewhere, run
from tests.docs.supplies import past_days, supply
from tests.fakes.massive import KEY
from tests.paths import ROOT
from tui.alerts.message import Alert

DOCS = ROOT / "docs"
_KEY = re.compile(r"[a-z][a-z0-9_]*")


# --- JSON -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One object of every kind, as the commands print them, by its heading on the page."""
    folder = tmp_path_factory.mktemp("json")
    supply(folder)
    with past_days() as fake:
        keys = {"MASSIVE_API_KEY": KEY, "SPYMON_MASSIVE_REST_URL": fake.rest_url}
        with elsewhere(folder, **keys):
            printed("backfill 2025-12-16 --expiry 0dte --strikes 1")
            cached = printed("cache stats --json")[0]
    with elsewhere(folder):
        lines = {each["type"]: each for each in printed("--source simulated --json --symbol DIA --to 10:40")}
        printed("import trades.csv.gz quotes.csv.gz")
        whole = lines | {
            "levels": printed("levels DIA --source simulated --at 10:00 --json")[0],
            "days": printed("days --json")[0],
            "snapshot": printed("snapshot DIA --source simulated --at 10:00 --json")[0],
            "thresholds": json.loads(run(next(commands("spymon thresholds --json"))).out),
            "study": printed("study 2025-12-18 --source simulated --symbol DIA --set sweep.size=150 --json")[
                0
            ],
            "cache": cached,
            "config": printed("config show --json")[0],
        }
    return whole | {"alert": Alert("", "").as_object()}


def printed(words: str) -> list[dict[str, Any]]:
    done = run(next(commands(f"spymon {words}")))
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]


@pytest.mark.parametrize(
    "kind",
    [
        "signal",
        "outcome",
        "view",
        "status",
        "summary",
        "levels",
        "days",
        "snapshot",
        "study",
        "thresholds",
        "cache",
        "alert",
    ],
)
def test_every_key_of_an_object_is_on_the_page(kind: str, said: dict[str, Any]) -> None:
    section = sections(DOCS / "json.md")[kind]
    told = {word for text in code_in(section) for word in _KEY.findall(text)}
    head = (
        {"type", "ts", "ts_ns", "symbol"}
        if kind in ("signal", "outcome", "view", "status", "summary")
        else set()
    )
    assert sorted(keys_of(said[kind], kind) - head - told) == []


@pytest.mark.parametrize("kind", ["outcome", "status", "summary", "days", "view", "levels", "thresholds"])
def test_every_key_on_the_page_is_one_of_the_object(kind: str, said: dict[str, Any]) -> None:
    told = {key for cells in rows(sections(DOCS / "json.md")[kind]) for key in code_in(cells[0])}
    assert sorted(told - keys_of(said[kind], kind)) == []


def keys_of(item: Any, kind: str) -> set[str]:
    """Return every key of an object and of those in it, but for the names of a rule's numbers."""
    if isinstance(item, list):
        return set().union(*(keys_of(each, kind) for each in item[:3]))
    if not isinstance(item, dict):
        return set()
    free = ("evidence", "signals", "alerts_per_h", "units")
    return set(item).union(*(keys_of(each, kind) for name, each in item.items() if name not in free))


def test_a_setting_s_object_has_a_value_and_an_origin(said: dict[str, Any]) -> None:
    assert {tuple(each) for each in said["config"].values()} == {("value", "origin")}


# --- data -------------------------------------------------------------------------------------------------


def test_the_columns_of_flat_files_are_those_that_are_read() -> None:
    table = {cells[0]: cells for cells in rows(sections(DOCS / "data.md")["Your own files"])}
    assert set(table) == {layout.kind for layout in LAYOUTS}
    for layout in LAYOUTS:
        _, needed, used = table[layout.kind]
        assert set(code_in(needed)) == set(layout.required)
        assert set(code_in(used)) == set(layout.optional)


# --- sentences --------------------------------------------------------------------------------------------


@cache
def nodes() -> tuple[ast.AST, ...]:
    """Return everything the program is made of."""
    files = [path for room in ("engine", "tui") for path in (ROOT / room).rglob("*.py")]
    return tuple(node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8"))))


def texts() -> list[str]:
    """Return every text of the program, … where it puts something in."""
    return [text for node in nodes() if (text := text_of(node))]


def text_of(node: ast.AST) -> str:
    """Return a piece of text as the pages quote it; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "…" for part in node.values)
    return ""


@cache
def raised() -> tuple[tuple[str, int], ...]:
    """Return (sentence, exit code) of every error that is made with its sentence."""
    calls = [node for node in nodes() if isinstance(node, ast.Call) and node.args]
    made = [(text_of(call.args[0]), exit_codes().get(getattr(call.func, "id", ""))) for call in calls]
    return tuple((text, code) for text, code in made if text and code is not None)


@cache
def exit_codes() -> dict[str, int]:
    """Return the exit code of every error by its name, those that rooms derive for themselves included."""
    known = {name: each.exit_code for name, each in vars(errors).items() if hasattr(each, "exit_code")}
    derived = [node for node in nodes() if isinstance(node, ast.ClassDef) and node.bases]
    for node in derived:
        base = getattr(node.bases[0], "id", "")
        if base in known:
            known.setdefault(node.name, known[base])
    return known


def quoted() -> list[list[str]]:
    """Return the rows of the tables of sentences."""
    tables = sections(DOCS / "troubleshooting.md")
    return [cells for name, text in tables.items() if name != "Exit codes" for cells in rows(text)]


@pytest.mark.parametrize("cells", quoted(), ids=lambda cells: cells[0][:60])
def test_a_sentence_that_is_explained_is_one_the_program_says(cells: list[str]) -> None:
    held = "\n".join(texts())
    assert [part for part in parts_of(cells[0]) if part not in held] == []


def parts_of(sentence: str) -> list[str]:
    """Return what of a quoted sentence never differs."""
    parts = sentence.replace("\\|", "|").split("…")
    return [part.strip() for part in parts if part.strip(" .,;:()")]


@pytest.mark.parametrize("cells", [c for c in quoted() if c[1].isdigit()], ids=lambda cells: cells[0][:60])
def test_its_code_is_that_of_the_error(cells: list[str]) -> None:
    parts = parts_of(cells[0])
    codes = {code for text, code in raised() if all(part in text for part in parts)}
    assert not codes or int(cells[1]) in codes


def test_the_codes_of_sentences_are_exit_codes() -> None:
    codes = {cells[1] for cells in quoted() if len(cells) == 3}
    assert codes <= {"–", *(str(code) for code, _ in EXIT_CODES)}
    [page] = [text for name, text in sections(DOCS / "troubleshooting.md").items() if name == "Exit codes"]
    assert {int(cells[0]) for cells in rows(page)} == {0, 1, 2, 3, 4, 129, 130, 143}


@pytest.mark.parametrize("path", sorted((ROOT / "docs/examples").rglob("*.py")), ids=lambda path: path.name)
def test_an_example_is_python(path: Path) -> None:
    compile(path.read_text("utf-8"), str(path), "exec")
