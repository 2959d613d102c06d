"""The catalogue of rules: one line each, and their records.

A rule is a file here of the rule's name, with a detector and a `RULE` (`spec.RuleSpec`), its line in
`RULE_NAMES`, and a call of its detector in the fold. Names cost nothing to import; the first call of `rules`
imports the detectors, and with them the compiler.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .spec import RuleSpec

RULE_NAMES = (
    "volume_spike",
    "spread_tightening",
    "price_move",
    "fmv_divergence",
    "sweep",
    "block",
    "zero_gamma_cross",
    "wall_break",
    "regime_change",
)
"""Every rule. A new one comes last: signals and states know a rule by its position."""

MOST_RULES = 15
"""The state has a bit for each rule and direction in 31, and the signals' hash has room for as many."""


def number_of(name: str) -> int:
    """Return a rule's position in the catalogue."""
    return RULE_NAMES.index(name)


@cache
def rules() -> tuple[RuleSpec[Any], ...]:
    """Return the record of every rule, by number."""
    return tuple(import_module(f".{name}", __package__).RULE for name in RULE_NAMES)


def rule_named(name: str) -> RuleSpec[Any] | None:
    """Return a rule's record, None for a name that is not in the catalogue: a user's own rule."""
    return rules()[RULE_NAMES.index(name)] if name in RULE_NAMES else None
