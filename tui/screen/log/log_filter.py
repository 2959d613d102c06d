"""What a person types to narrow the log, and which signals it lets through.

A filter is words, all of which must hold: `spike 685c >100k`, `put -fmv z>5 buy`. A word is looked for in the
rule's names, the contract, the direction and the side; `-word` must not be there; a comparison is made with
the signal's evidence (`>100k` means premium in dollars) or its `strength`. Anything is a valid filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from engine.views.view import SignalRow

from .rule_words import label

_COMPARISON = re.compile(r"([a-z_]*)([<>])\$?(\d+\.?\d*|\.\d+)([kmb]?)")
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True, slots=True)
class NumberTerm:
    """`name` above or below `value`; a signal without that number does not pass."""

    name: str
    above: bool
    value: float

    def holds(self, row: SignalRow) -> bool:
        """Compare the signal's own number."""
        if self.name == "strength":
            known: Iterable[float] = (row.strength,)
        else:
            known = (abs(value) for name, value in row.evidence if name.startswith(self.name))
        number = next(iter(known), float("nan"))
        return number > self.value if self.above else number < self.value


@lru_cache(maxsize=64)
def test_of(text: str) -> Callable[[SignalRow], bool]:
    """Compile what was typed into a test of one signal; empty text lets everything through."""
    words, missing, comparisons = [], [], []
    for word in text.lower().split():
        match = _COMPARISON.fullmatch(word)
        if match:
            name, sign, digits, letter = match.groups()
            comparisons.append(NumberTerm(name or "premium", sign == ">", float(digits) * _TIMES[letter]))
        elif word.startswith("-") and len(word) > 1:
            missing.append(word[1:])
        else:
            words.append(word)

    def passes(row: SignalRow) -> bool:
        said = words_of(row) if words or missing else ""
        return (
            all(word in said for word in words)
            and not any(word in said for word in missing)
            and all(comparison.holds(row) for comparison in comparisons)
        )

    return passes


def words_of(row: SignalRow) -> str:
    """Return every word a filter may name, in lower case."""
    words = [row.rule, label(row.rule), row.direction]
    if row.contract is not None:
        contract = row.contract
        side = "call" if contract.right == "C" else "put"
        words += [contract.short, side, contract.root, str(contract.expiry)]
    return " ".join(words).lower()
