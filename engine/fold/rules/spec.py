"""What a rule is besides its detector: one record, from which everything else about it is read.

A rule's file defines its thresholds, its evidence by name, its words and how it is decided again; `catalogue`
lists it. Compiled code reads thresholds from the packed parameters (`engine.fold.params`) and writes evidence
at the positions that `positions` names.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

Numbers = Mapping[str, float]
"""A signal's evidence by name; nan where the rule did not use a number."""

Wording = Callable[[Numbers], str]

Decision = tuple[float, float]
"""What was measured, and the measure of strength 0.5."""

Memory = tuple[tuple[Any, ...], ...]
"""(name, type) or (name, type, shape) of numbers that a rule remembers, 0 at first; no two share a name."""

DIRECTIONS = {1: "buy", -1: "sell", 0: "neutral"}

Bias = Literal["up", "down", "none"]
"""What a signal means for the underlying."""

TRADED = ("{} bought", "{} sold", "{} traded")
"""What was done where contracts were traded, by direction: buy, sell, neutral; `{}` is calls or puts."""

_ROUNDING = 1e-12  # dollars were price units when the threshold was compared


_WORDS = {
    "z": "beyond its usual",
    "ratio": "over the usual",
    "lean": "bought less sold",
    "over": "over the least block",
    "narrower": "narrower than usual",
    "share": "net of gross gamma",
    "share_before": "net of gross before",
    "net": "net gamma",
    "net_before": "net gamma before",
    "gross": "gross gamma",
    "wall_gex": "gamma at the wall",
    "fmv": "fair value",
    "fmv_age": "age of the fair value",
    "edge": "off the fair value",
    "percent": "in percent",
    "expected": "explained",
    "neighbours": "doubt of our value",
    "iso_share": "intermarket sweeps",
    "rarity": "as large or larger",
    "held": "held for",
    "stood": "stood for",
    "largest": "largest print",
    "quotes": "quotes in a row",
    "spread_percent": "spread of the mid",
    "usual_spread_percent": "usual spread of the mid",
}
"""Labels of evidence whose names are short for something, by name or by name without its unit."""


class Thresholds(Protocol):
    """A frozen dataclass whose fields are thresholds (`engine.fold.thresholds.threshold`)."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


P = TypeVar("P", bound=Thresholds)


@dataclass(frozen=True, slots=True)
class EvidenceColumn:
    """One of the numbers a signal was judged by; `name` is its key in JSON."""

    name: str
    unit: str
    meaning: str

    @property
    def label(self) -> str:
        """What a person calls it; the unit stands beside its number."""
        name = self.name
        for suffix in ("_usd", "_s", "_percent"):
            name = name.removesuffix(suffix)
        return _WORDS.get(self.name) or _WORDS.get(name) or name.replace("_", " ")


def positions(evidence: Sequence[EvidenceColumn]) -> Any:
    """Return a named tuple of where each column stands in a signal's evidence, for compiled code."""
    names = [column.name for column in evidence]
    return namedtuple("Positions", names)(*range(len(names)))


@dataclass(frozen=True, slots=True, eq=False)
class RuleSpec(Generic[P]):
    """One rule.

    name     : that of its file, of its settings and of its signals
    number   : its position in the catalogue: in signals, and in the state
    version  : grows when the same numbers would lead to another decision
    about    : what its signals are about
    prefix   : how the names of its thresholds begin in compiled code: `volume_z`
    fires    : when it fires, in one sentence
    evidence : the numbers it is judged by, in the order of a signal's row
    default, seed : its thresholds under each preset; `seed` None is as `default`
    deeds    : what was done, in words for a person, by direction as in `TRADED`
    leans    : whether the direction, by way of the right, says anything of the underlying
    label, tag    : its name in a wide line of the log and in a narrow one
    sentence : what was measured against what, for a person
    line, brief   : the same for a wide line of the log and for a narrow one
    decide   : decides again, in plain Python and from the evidence alone, so that it can be held against the
               detector: (evidence, thresholds, whether the preset is seed) -> Decision, None where the
               evidence does not reach the thresholds
    size     : the evidence that says how many contracts were traded; `premium_usd` says for how much then
    derived  : properties of the thresholds that compiled code reads too
    cell, under   : what it remembers of a contract and of the underlying; no part of the state's hash, the
                    signals it leads to are
    """

    name: str
    number: int
    version: int
    about: Literal["contract", "underlying"]
    prefix: str
    fires: str
    evidence: tuple[EvidenceColumn, ...]
    default: P
    label: str
    tag: str
    sentence: Wording
    line: Wording
    brief: Wording
    decide: Callable[[Numbers, P, bool], Decision | None]
    deeds: tuple[str, str, str] = TRADED
    leans: bool = True
    seed: P | None = None
    size: str = ""
    derived: tuple[str, ...] = ()
    cell: Memory = ()
    under: Memory = ()

    def named(self, values: Sequence[float]) -> tuple[tuple[str, float], ...]:
        """Return the (name, value) pairs of a signal's evidence row."""
        return tuple((column.name, value) for column, value in zip(self.evidence, values, strict=False))

    def reason(self, values: Sequence[float]) -> str:
        """Return one sentence that says what was measured against what."""
        return self.sentence(dict(self.named(values)))

    def version_name(self, seed: bool) -> str:
        """Return name, preset and version, e.g. `volume_spike/default/2`."""
        return f"{self.name}/{'seed' if seed else 'default'}/{self.version}"

    def rederive(self, values: Sequence[float], thresholds: P, seed: bool) -> float | None:
        """Return the strength that an evidence row gives by itself, None where it does not reach the rule."""
        found = self.decide(dict(self.named(values)), thresholds, seed)
        if found is None:
            return None
        measure, half = found
        return measure / (measure + half)

    def packed(self, thresholds: P) -> dict[str, float]:
        """Return the thresholds by the names under which compiled code reads them."""
        names = [*(field.name for field in fields(thresholds)), *self.derived]
        return {self.prefix + name: float(getattr(thresholds, name)) for name in names}


def reaches(value: float, least: float) -> bool:
    """Tell whether a measure is at least a threshold, but for rounding."""
    return value >= least * (1 - _ROUNDING)
