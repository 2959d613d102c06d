"""The one table that every section's rows go into.

Owns what a row is, when a target is met, and the alignment. It refuses to measure anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WIDTHS = (70, 24, 36, 4)
ALWAYS = "yes"
"""The target of a row that does not depend on how fast the machine is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure.

    target : what it is held against, '' for a figure that is there for orientation
    met    : whether it is; None when nothing is asked of it
    """

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, digits: int = 2) -> Row:
    """Return a row that is met up to the limit."""
    return Row(what, _number(value, unit, digits), f"<= {_number(limit, unit, 1)}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str, digits: int = 1) -> Row:
    """Return a row that is met from the limit on."""
    return Row(what, _number(value, unit, digits), f">= {_number(limit, unit, 1)}", value >= limit)


def told(what: str, value: float, unit: str, digits: int = 2) -> Row:
    """Return a row of which nothing is asked."""
    return Row(what, _number(value, unit, digits))


def same(what: str, are: bool) -> Row:
    """Return a row that is met when two ways gave one result, however little was measured."""
    return Row(what, "yes" if are else "NO", ALWAYS, are)


def unjudged(row: Row) -> Row:
    """Return the row without a verdict, unless it holds at any size."""
    return row if row.target == ALWAYS else replace(row, met=None)


def skipped(what: str, why: str) -> Row:
    """Return a row for what could not be measured here."""
    return Row(what, "skipped", why)


def section(name: str) -> str:
    """Return the line above a section's rows."""
    return f"── {name} ".ljust(sum(WIDTHS) + 2 * len(WIDTHS) - 2, "─")


def line(row: Row) -> str:
    """Return a row as aligned text."""
    return _aligned(row.what, row.figure, row.target, {True: "yes", False: "NO", None: ""}[row.met])


def heading() -> str:
    """Return the line above everything."""
    return _aligned("what", "figure", "target", "met?")


def _aligned(*texts: str) -> str:
    cells = zip(texts, WIDTHS, "<><<", strict=True)
    return "  ".join(f"{text:{side}{width}}" for text, width, side in cells).rstrip()


def _number(value: float, unit: str, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    if "." in text and digits == 1:
        text = text.removesuffix(".0")
    return f"{text} {unit}".strip()
