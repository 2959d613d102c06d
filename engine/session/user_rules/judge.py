"""What a user's rule is and says, held against the contract: a row of the log, or one sentence why not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import islice
from math import nan
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ...model.contracts import ContractTable
from ...model.errors import ConfigError
from ...model.events import MISSING, NS, UNDERLYING, Events
from ...views.view import SignalRow, View
from . import PREFIX, Rule, RuleKind, UserSignal

if TYPE_CHECKING:  # it compiles, and `spymon config` must not
    from ...fold.state import State

DIRECTIONS = ("buy", "sell", "neutral")

MOST_SIGNALS = 100
"""Most signals one look may return; more is a mistake, not a discovery."""

EVERY_S = (0.1, 3600.0)
"""Shortest and longest time between two looks, seconds of tape."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_WIDEST = 300  # characters of a reason or an error that are kept


class RubbishError(Exception):
    """A rule returned something that is no signal; the message completes 'it returned …'."""


def kind_of(make: Callable[[], Rule]) -> RuleKind:
    """Make a rule once and read what it is; ConfigError completes 'the rule …' when it is none."""
    rule = make()
    name, every_s = getattr(rule, "name", None), getattr(rule, "every_s", Rule.every_s)
    version = getattr(rule, "version", Rule.version)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"has the name {name!r}; use lower case letters, digits, - and _, 32 at most")
    if isinstance(every_s, bool) or not isinstance(every_s, Real) or not _within(every_s, EVERY_S):
        raise ConfigError(f"looks every {every_s!r} s; every_s must lie between 0.1 and 3600")
    if not callable(getattr(rule, "look", None)):
        raise ConfigError("has no method look(view, batch, contracts)")
    return RuleKind(name, round(float(every_s) * NS), str(version), make)


def look(
    rule: Rule, kind: RuleKind, view: View, batch: Events, contracts: ContractTable, state: State
) -> list[SignalRow]:
    """Let a rule look once and return its signals as rows; raises RubbishError, or what the rule raises."""
    answer = rule.look(view, batch, contracts)
    try:
        signals = list(islice(iter(answer), MOST_SIGNALS + 1))
    except TypeError:
        if hasattr(answer, "__iter__"):
            raise
        raise RubbishError(f"{_brief(answer)} where a list of UserSignal is wanted") from None
    if len(signals) > MOST_SIGNALS:
        raise RubbishError(f"more than {MOST_SIGNALS} signals at one look")
    return [_row(kind, signal, view, contracts, state) for signal in signals]


def fault_of(error: BaseException) -> str:
    """Say in half a sentence what a rule did wrong."""
    if isinstance(error, RubbishError):
        return f"it returned {error}"
    text = _one_line(str(error))
    return f"it raised {type(error).__name__}" + (f" ({text})" if text else "")


def _row(kind: RuleKind, signal: Any, view: View, contracts: ContractTable, state: State) -> SignalRow:
    if not isinstance(signal, UserSignal):
        raise RubbishError(f"{_brief(signal)} where a UserSignal is wanted")
    cid, strength = signal.contract, signal.strength
    if not isinstance(cid, Integral) or isinstance(cid, bool) or not 0 <= cid <= len(contracts):
        raise RubbishError(f"the contract {_brief(cid)}, which is not listed")
    if signal.direction not in DIRECTIONS:
        raise RubbishError(f"the direction {_brief(signal.direction)}, which is not buy, sell or neutral")
    if not isinstance(strength, Real) or not _within(strength, (0.0, 1.0)):
        raise RubbishError(f"the strength {_brief(strength)}, which is not between 0 and 1")
    if not isinstance(signal.reason, str) or not signal.reason.strip():
        raise RubbishError(f"the reason {_brief(signal.reason)}, which is not a sentence")
    return SignalRow(
        ts_ns=view.tape_ns,
        rule=PREFIX + kind.name,
        contract=None if cid == UNDERLYING else contracts[int(cid)],
        cid=int(cid),
        direction=signal.direction,
        strength=float(strength),
        side_confidence=nan,
        mid_before=MISSING,
        mid_after=_mid(int(cid), state),
        evidence=_evidence(signal.evidence),
        reason=_one_line(signal.reason),
        version=f"{PREFIX}{kind.name}/{kind.version}",
    )


def _evidence(given: Any) -> tuple[tuple[str, float], ...]:
    try:
        return tuple((str(name), float(value)) for name, value in given.items())
    except (AttributeError, TypeError, ValueError):
        raise RubbishError(f"the evidence {_brief(given)}, which is no mapping of names to numbers") from None


def _mid(cid: int, state: State) -> int:
    """Return the mid of a contract, or the spot, in price units; MISSING when there is none."""
    if cid == UNDERLYING:
        return int(state.under["spot"][0])
    bid, ask = int(state.cells["bid"][cid]), int(state.cells["ask"][cid])
    return (bid + ask) // 2 if bid > 0 and ask > 0 else MISSING


def _within(value: Any, bounds: tuple[float, float]) -> bool:
    return math.isfinite(value) and bounds[0] <= value <= bounds[1]


def _brief(value: object) -> str:
    return _one_line(repr(value))


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"
