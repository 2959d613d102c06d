"""What a person types to narrow the log, and which signals it lets through.

A filter is words, all of which must hold: `spike 685c 0dte >50k`. A comma reads as or, `spike,sweep`; `!` in
front of a word as not, `!fmv`. A word is

* the beginning of a rule's name, of `call`, `put` or `spot`, of a direction, of a word of what was done
  (`bought`), or a whole option root;
* a strike, alone or with its right: `685`, `685c`;
* days to expiration, `0dte`, or the expiration itself, `12-16`, `2025-12-16`;
* a comparison with the premium, `>50k`, or with a number by the beginning of its name, `z>5`, `strength>0.7`.

What is none of these lets nothing through, and `unknown_words` tells it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache

from engine.fold.rules.catalogue import rules
from engine.model.calendar import ET
from engine.model.events import NS
from engine.views.view import SignalRow

from .rule_words import label, tag

Test = Callable[[SignalRow], bool]

_STRIKE = re.compile(r"(\d+(?:\.\d+)?)([cp]?)")
_DAYS = re.compile(r"(\d{1,3})d(?:te?)?")
_EXPIRY = re.compile(r"(?:\d{4}-)?\d\d-\d\d")
_COMPARISON = re.compile(r"([a-z_]*)([<>])=?\$?(\d+\.?\d*|\.\d+)([kmb]?)")
_UNFINISHED = re.compile(r"!?([a-z_]*[<>]=?\$?)?")  # more is being typed
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_DIRECTIONS = ("buy", "sell", "neutral")
_SIDES = {"C": ("call", "calls"), "P": ("put", "puts")}
_SPOT = ("spot",)


@lru_cache(maxsize=64)
def test_of(text: str) -> Test:
    """Compile what was typed into a test of one signal; empty text lets everything through."""
    clauses = [_clause(word) for word in _words(text)]
    return lambda row: all(clause(row) for clause in clauses)


def unknown_words(text: str, rows: Iterable[SignalRow] = ()) -> tuple[str, ...]:
    """Return what was typed and means nothing: in general, nor of any of these signals."""
    typed = [part for word in _words(text) for part in _parts(word)]
    strange = dict.fromkeys(part for part in typed if not _is_known(part))
    for row in rows if strange else ():
        strange = dict.fromkeys(part for part in strange if not _names(part, row))
    return tuple(strange)


def _words(text: str) -> list[str]:
    """Return the words that must all hold, those left out that are still being typed."""
    words = re.sub(r"\s*,\s*", ",", text.lower()).split()
    return [word for word in words if not _UNFINISHED.fullmatch(word)]


def _parts(word: str) -> list[str]:
    """Return the words of which one must hold, or none after `!`."""
    return [part for part in word.removeprefix("!").split(",") if part]


def _clause(word: str) -> Test:
    tests = [_term(part) for part in _parts(word)]
    if word.startswith("!"):
        return lambda row: not any(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _term(word: str) -> Test:
    if match := _COMPARISON.fullmatch(word):
        name, sign, digits, letter = match.groups()
        limit = float(digits) * _TIMES[letter]
        return lambda row: (
            _number(row, name or "premium") * (1 if sign == ">" else -1) > (limit if sign == ">" else -limit)
        )
    if match := _STRIKE.fullmatch(word):
        strike_milli, right = round(float(match[1]) * 1000), match[2].upper()
        return lambda row: (
            row.contract is not None
            and row.contract.strike_milli == strike_milli
            and right in ("", row.contract.right)
        )
    if match := _DAYS.fullmatch(word):
        days = int(match[1])
        return lambda row: row.contract is not None and _days_left(row) == days
    if _EXPIRY.fullmatch(word):
        return lambda row: row.contract is not None and str(row.contract.expiry).endswith(word)
    return lambda row: _names(word, row)


def _number(row: SignalRow, name: str) -> float:
    """Return the size of the signal's own number whose name begins so, nan when it has none."""
    if name == "strength":
        return row.strength
    return next((abs(value) for own, value in row.evidence if own.startswith(name)), float("nan"))


def _days_left(row: SignalRow) -> int:
    """Return the calendar days from the signal to its contract's expiration."""
    assert row.contract is not None, "a signal about the underlying has no expiration"
    return (row.contract.expiry - datetime.fromtimestamp(row.ts_ns // NS, ET).date()).days


def _names(word: str, row: SignalRow) -> bool:
    """Whether a word names a signal; a comparison does so by the number it is made with."""
    if match := _COMPARISON.fullmatch(word):
        return any(name.startswith(match[1]) for name, _ in row.evidence)
    contract = row.contract
    if contract is not None and word == contract.root.lower():
        return True
    sides = _SPOT if contract is None else _SIDES[contract.right]
    return any(
        each.startswith(word) for each in (*_rule_words(row.rule), row.direction, *row.action.split(), *sides)
    )


@lru_cache(maxsize=256)
def _rule_words(rule: str) -> tuple[str, ...]:
    """Return a rule's name, its label and its tag, whole and word by word, in lower case."""
    name = rule.lower().partition(":")[2] or rule.lower()
    labels = (name, label(rule).lower(), tag(rule).lower())
    return (*labels, *(part for each in labels for part in re.split(r"[_ ]", each)))


def _is_known(word: str) -> bool:
    """Whether a word means something whatever has fired."""
    if match := _COMPARISON.fullmatch(word):
        columns = (column.name for rule in rules() for column in rule.evidence)
        return any(each.startswith(match[1]) for each in ("strength", *columns))
    if any(form.fullmatch(word) for form in (_STRIKE, _DAYS, _EXPIRY)):
        return True
    ours = (each for rule in rules() for each in _rule_words(rule.name))
    sides = (each for words in _SIDES.values() for each in words)
    return any(each.startswith(word) for each in (*ours, *_DIRECTIONS, *sides, *_SPOT))
