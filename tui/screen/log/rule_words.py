"""What a rule is called on the screen: by the catalogue, and a user's own rule by its own name.

The catalogue's words load the fold: they are asked for once a day is shown, and a day has loaded it already.
"""

from __future__ import annotations

from engine.fold.rules.catalogue import rule_named
from engine.session.user_rules import PREFIX


def label(rule: str) -> str:
    """Return the name in a wide line: `vol spike`."""
    known = rule_named(rule)
    return rule.removeprefix(PREFIX) if known is None else known.label


def tag(rule: str) -> str:
    """Return the name in a narrow line: `SPIKE`."""
    known = rule_named(rule)
    return rule.removeprefix(PREFIX).replace("_", " ").upper() if known is None else known.tag
