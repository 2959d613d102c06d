"""Thresholds: how a frozen dataclass declares them, what each may be set to, and how changes are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..model.errors import UsageError

SHARE = "share"
"""The unit of a threshold that lies between 0 and 1."""


def threshold(
    default: float, unit: str, meaning: str, *, zero: bool = False, choices: Sequence[str] = ()
) -> Any:
    """Declare a dataclass field that is a threshold; an int default holds whole numbers only.

    zero    : whether it may be 0; what something is divided by may not
    choices : what the numbers 0, 1, … stand for, when it is a choice
    """
    told = {"unit": unit, "meaning": meaning, "zero": zero, "choices": tuple(choices)}
    return field(default=default, metadata=told)


@dataclass(frozen=True, slots=True)
class ThresholdSpec:
    """What is known of one threshold besides its value.

    rule  : whose it is; '' when all rules share it
    field : its name in the dataclass that declares it
    whole : whether it holds whole numbers only
    """

    rule: str
    field: str
    unit: str
    meaning: str
    whole: bool
    zero: bool
    choices: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called in a settings file and behind a flag: `volume_spike.z`, `cooldown_s`."""
        return f"{self.rule}.{self.field}" if self.rule else self.field

    def checked(self, value: float | str) -> float:
        """Return a value as the field holds it; UsageError for one that cannot be."""
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except ValueError:
            number = math.nan
        least = "a number of at least 0" if self.zero else "a number above 0"
        if not 0.0 <= number < math.inf or (number == 0.0 and not self.zero):
            raise UsageError(f"{self.name} = {value} is not {least}.")
        if self.unit == SHARE and number > 1.0:
            raise UsageError(f"{self.name} = {value} is not a share from 0 to 1.")
        if self.choices and number > len(self.choices) - 1:
            *most, last = (f"{n} ({choice})" for n, choice in enumerate(self.choices))
            raise UsageError(f"{self.name} = {value} is not {', '.join(most)} or {last}.")
        if self.whole and number != int(number):
            raise UsageError(f"{self.name} = {value} is not a whole number.")
        return int(number) if self.whole else number


def declared(group: Any, rule: str = "") -> Iterator[ThresholdSpec]:
    """Yield the thresholds that a dataclass, or an instance of one, declares; skip its other fields."""
    for each in fields(group):
        if "unit" in each.metadata:
            yield ThresholdSpec(rule, each.name, whole=isinstance(each.default, int), **each.metadata)


def changes(words: Iterable[str], cited: str = "", *, once: bool = False) -> dict[str, str]:
    """Read `NAME=VALUE` words, by name; the last of one name wins, unless each may come `once`.

    cited : what stood before each word, for the UsageError about one that is written otherwise
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or not value:
            raise UsageError(f"{cited}{word} needs NAME=VALUE, for example {cited}volume_spike.z=5.")
        if once and name in found:
            raise UsageError(
                f"{cited}{name} is given twice, {found[name]} and {value}; leave one of them out."
            )
        found[name] = value
    return found
