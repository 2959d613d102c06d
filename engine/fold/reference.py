"""The rules as a reference: rows of what the catalogue says of each, for a page or a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .params import PRESETS, THRESHOLDS
from .rules.catalogue import rules
from .rules.spec import RuleSpec

THRESHOLD_HEAD = ("threshold", "default", "seed", "unit", "is")
EVIDENCE_HEAD = ("evidence", "unit", "is")


def threshold_rows(rule: str | None = None) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each threshold, as `THRESHOLD_HEAD` names them.

    rule : only those of this rule, '' those that all rules share, None every one
    """
    for name, spec in THRESHOLDS.items():
        if rule in (None, spec.rule):
            values = (f"{PRESETS[preset].value(spec):.12g}" for preset in ("default", "seed"))
            yield (f"`{name}`", *values, spec.unit, cell(spec.meaning))


def evidence_rows(rule: RuleSpec[Any]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each number of a rule's evidence, as `EVIDENCE_HEAD` names them."""
    for column in rule.evidence:
        yield f"`{column.name}`", column.unit, cell(column.meaning)


def markdown() -> Iterator[str]:
    """Yield the lines of a section for each rule: when it fires, its thresholds, its evidence."""
    for rule in rules():
        yield from (f"## `{rule.name}`", "")
        yield from (f"{cell(rule.fires)} About the {rule.about}; version {rule.version}.", "")
        yield from _table(THRESHOLD_HEAD, threshold_rows(rule.name))
        yield ""
        yield from _table(EVIDENCE_HEAD, evidence_rows(rule))
        yield ""


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
