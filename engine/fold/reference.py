"""The rules as a reference: rows of what the catalogue says of each, for a page or a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .params import PRESETS, THRESHOLDS
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


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|")
