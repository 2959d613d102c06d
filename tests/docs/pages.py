"""The pages as their tests see them: blocks of code, links, anchors, tables, and what is written inline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.paths import ROOT

_FENCE = re.compile(r"^```(\w*)\s*$")
_MARK = re.compile(r"^<!-- (not run|run|example)(?:: (.*?))? -->$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.*)$")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced piece of code.

    mark : what the comment right above says, ('run', 'live') or ('not run', 'why'); two empty texts if none
    line : of its fence, from 1
    """

    page: Path
    line: int
    language: str
    code: str
    mark: tuple[str, str]

    @property
    def name(self) -> str:
        """Where it is, for a test's name."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def pages() -> tuple[Path, ...]:
    """Return every page of the project."""
    return (*sorted(ROOT.glob("*.md")), ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    mark, begun, held = ("", ""), None, list[str]()
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if begun is not None and not fence:
            held.append(line)
        elif begun is not None:
            yield Block(page, begun[0], begun[1], "\n".join(held) + "\n", mark)
            mark, begun, held = ("", ""), None, []
        elif fence:
            begun = number, fence[1]
        elif line.strip():
            found = _MARK.match(line)
            mark = (found[1], found[2] or "") if found else ("", "")


def prose(page: Path) -> str:
    """Return a page without its blocks of code and comments."""
    lines, inside = [], False
    for line in page.read_text("utf-8").splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            lines.append(line)
    return _COMMENT.sub("", "\n".join(lines))


def inline(page: Path) -> list[str]:
    """Return every piece of inline code, `\\|` of a table's cell as it is meant."""
    return [text.replace("\\|", "|") for text in _CODE.findall(prose(page))]


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found = (_HEADING.match(line) for line in prose(page).splitlines())
    return {slug(heading[1]) for heading in found if heading}


def slug(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def sections(page: Path) -> dict[str, str]:
    """Return the prose below each heading, by heading."""
    found: dict[str, str] = {}
    heading = ""
    for line in prose(page).splitlines():
        match = _HEADING.match(line)
        if match:
            heading = match[1]
        found[heading] = found.get(heading, "") + ("" if match else line + "\n")
    return found


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table's rows, headings and rules left out."""
    found, before = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if cells and before and not set("".join(cells)) <= set("-: "):
            found.append(cells)
        before = bool(cells)
    return found


def code_in(text: str) -> list[str]:
    """Return the inline code of some prose."""
    return _CODE.findall(text)
