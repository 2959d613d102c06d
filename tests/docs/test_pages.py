"""Sizes, links, paths and names: whatever a page points to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import anchors, blocks, code_in, inline, links, pages, rows, sections
from tests.paths import ROOT
from tui.cli.arguments import EVERYWHERE
from tui.cli.command_table import COMMANDS, WITHOUT_COMMAND
from tui.screen.keys import TABLE, spelled
from tui.settings.setting import KEYS, SETTINGS

README, ARCHITECTURE = ROOT / "README.md", ROOT / "ARCHITECTURE.md"
ROOMS = ("engine/", "tui/", "tests/", "docs/", "bench/")
_DOTTED = re.compile(r"(?:engine|tui)(?:\.[a-z_]\w*)+(?:\.[A-Z]\w*)?")
_VARIABLE = re.compile(r"(?:SPYMON|S3|MASSIVE|POLYGON)_[A-Z0-9_]+|USE_REST")


def names(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_readme_has_at_most_900_words() -> None:
    words = README.read_text("utf-8").replace("|", " ").split()
    assert len(words) <= 900


def test_the_architecture_has_at_most_9_kb() -> None:
    assert len(ARCHITECTURE.read_bytes()) <= 9_000


@pytest.mark.parametrize("page", pages(), ids=names)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in links(page):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", pages(), ids=names)
def test_every_path_that_is_named_is_there(page: Path) -> None:
    named = [text for text in inline(page) if text.startswith(ROOMS) and "NAME" not in text]
    assert [text for text in named if not re.search(r"[ *]", text) and not (ROOT / text).exists()] == []


@pytest.mark.parametrize("page", pages(), ids=names)
def test_every_name_of_a_module_or_class_is_there(page: Path) -> None:
    found = [text for text in inline(page) if _DOTTED.fullmatch(text)]
    assert [text for text in found if not _is_there(text)] == []


def _is_there(dotted: str) -> bool:
    path, _, name = dotted.rpartition(".")
    if not name[:1].isupper():
        path, name = dotted, ""
    base = ROOT / path.replace(".", "/")
    file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return file.is_file() and (not name or re.search(rf"^(class )?{name}\b", file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", pages(), ids=names)
def test_every_command_and_flag_that_is_named_exists(page: Path) -> None:
    commands = {each.name: (*EVERYWHERE, *each.arguments) for each in COMMANDS}
    typed = (*WITHOUT_COMMAND, *(each for arguments in commands.values() for each in arguments))
    known = {"--help", *(name for each in typed for name in each.names)}
    strange = []
    for text in inline(page):
        words = text.split()
        if words[0] == "spymon" and len(words) > 1 and words[1][0].islower() and words[1] not in commands:
            strange.append(text)
        if words[0] == "spymon" or words[0].startswith("--"):
            flags = [word.partition("=")[0] for word in words if word.startswith("--")]
            strange += [flag for flag in flags if flag not in known]
    assert strange == []


@pytest.mark.parametrize("page", pages(), ids=names)
def test_every_variable_that_is_named_is_read(page: Path) -> None:
    known = {name for each in SETTINGS for name in (each.variable, *(other for other, _ in each.also))}
    known |= {name for each in KEYS.values() for name in each}
    found = _VARIABLE.findall(page.read_text("utf-8"))
    assert [name for name in found if name not in known and name != "SPYMON_NAME"] == []


def test_every_key_that_is_explained_exists() -> None:
    known = {"1–9", *(spelled(name) for key in TABLE for name in key.names)}
    explained = [
        key
        for page in (README, ROOT / "docs/tour.md", ROOT / "docs/replay.md")
        for section in sections(page).values()
        for cells in _table_of(section, "key")
        for key in code_in(cells[0])
    ]
    assert len(explained) > 20
    assert [key for key in explained if key not in known] == []


def _table_of(section: str, head: str) -> list[list[str]]:
    """Return the rows of the tables in a section whose first column is called so."""
    tables = re.split(r"\n\s*\n", section)
    return [row for table in tables if table.lstrip().startswith(f"| {head} |") for row in rows(table)]


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    skipped = [block for page in pages() for block in blocks(page) if block.mark[0] == "not run"]
    assert all(block.mark[1] for block in skipped)
    assert [f"{block.name}: {block.mark[1]}" for block in skipped if block.language != "sh"] == []
    assert len(skipped) <= 4
