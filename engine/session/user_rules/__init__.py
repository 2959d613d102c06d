"""Rules of your own: what a rule is given, and what it may say (`docs/user-rules.md`).

A package that wants to add one names a class under the entry point group `spymon.rules`. This module owns the
contract; when rules look is `run`'s, what becomes of their signals is `judge`'s and `log`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ...model.contracts import ContractTable
from ...model.events import Events
from ...views.view import View

PREFIX = "user:"
"""How the name of a user's rule begins wherever a signal is shown."""


@dataclass(frozen=True, slots=True)
class UserSignal:
    """What a rule has to say about one contract, or about the underlying.

    contract  : contract id as in `View.call.cid`, `View.put.cid` and the events; 0 is the underlying
    direction : 'buy', 'sell' or 'neutral'
    strength  : 0-1; alerts look at it
    reason    : one sentence that says what was measured against what
    evidence  : the numbers that were used, by name; nan where one is not known
    """

    contract: int
    direction: str
    strength: float
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


class Rule(Protocol):
    """A class that looks at the tape every so often; one is made per symbol and stretch of tape.

    name    : lower case letters, digits, `-` and `_`; its signals are called `user:<name>`
    every_s : seconds of tape between two looks, counted from the open
    version : grows when the same tape gives other signals
    """

    name: str
    every_s: float = 5.0
    version: str = "1"

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
        """Return what there is to say at this moment of tape.

        view  : the symbol at this moment, the nearest expiration's strikes, whatever the person looks at
        batch : (n,) EVENT, read-only, what was played since the last look
        """
        ...


@dataclass(frozen=True, slots=True)
class RuleKind:
    """An installed rule: what it is called, how often it looks, and how one is made."""

    name: str
    every_ns: int
    version: str
    make: Callable[[], Rule]
