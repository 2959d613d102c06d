"""What one argument of the command line is, and those that several commands share.

Values are left as text; `tui.settings.config` reads them, so that a flag, a variable and a line in a settings
file obey one rule.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """One flag, or one word at its place.

    names   : '--json', '-v'; a word has one name without dashes
    metavar : what its value is called; '' for a flag without one
    nargs   : how many values: '' one, '?' at most one, '+' at least one, '*' any number
    choices : the only values there are
    repeats : whether it may be given several times
    dest    : the attribute it becomes, where that is not its last name
    const   : the value of a flag without one
    group   : the heading it stands under in the help
    either  : of those that share one, only one may be given
    setting : whether it is a setting too, for this run alone
    required: whether a flag must be given; a word must unless `nargs` allows none
    """

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    nargs: str = ""
    choices: tuple[str, ...] = ()
    repeats: bool = False
    dest: str = ""
    const: str = ""
    group: str = ""
    either: str = ""
    setting: bool = False
    required: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is found by its place."""
        return not self.names[0].startswith("-")

    @property
    def attribute(self) -> str:
        """The attribute of the parsed line that holds it."""
        return self.dest or self.names[-1].lstrip("-").replace("-", "_")

    @property
    def spelling(self) -> str:
        """How it is written, e.g. `--symbol A[,B...]`, `-v, --verbose`, `DATE...`."""
        value = self.metavar or "|".join(self.choices)
        if self.nargs in ("+", "*"):
            value += "..."
        return value if self.is_word else f"{', '.join(self.names)} {value}".rstrip()


def value(name: str, metavar: str, help: str, **more: Any) -> Argument:
    """Return a flag with a value."""
    return Argument((name,), help, metavar, **more)


def setting(name: str, metavar: str, help: str, **more: Any) -> Argument:
    """Return a flag whose value is a setting."""
    return Argument((name,), help, metavar, setting=True, **more)


def flag(*names: str, help: str, **more: Any) -> Argument:
    """Return a flag without a value."""
    return Argument(names, help, **more)


def word(name: str, metavar: str, help: str, nargs: str = "") -> Argument:
    """Return a word at its place."""
    return Argument((name,), help, metavar, nargs)


def choice(name: str, help: str, *choices: str) -> Argument:
    """Return a flag, or a word when `name` has no dashes, that takes one of a few values."""
    return Argument((name,), help, choices=choices)


def under(group: str, *arguments: Argument) -> tuple[Argument, ...]:
    """Return arguments under one heading of the help."""
    return tuple(replace(each, group=group) for each in arguments)


CUSTOM = setting("--custom", "ROOT:INCREMENT[:PREFIX]", "an underlying without preset", repeats=True)
WATCH_LIST = setting("--symbol", "A[,B...]", "which underlyings (the watch list)")
FIRST_SYMBOL = setting("--symbol", "A[,B...]", "which underlyings (the first of the watch list)")
ONE_SYMBOL = value("--symbol", "S", "only this underlying")
SEED = setting("--seed", "N", "seed of the simulated day")
PRESET = setting("--preset", "NAME", "signal parameters: default or seed")
SET_THRESHOLD = value("--set", "NAME=VALUE", "a signal threshold, e.g. volume_spike.z=5", repeats=True)
ONE_DAY = word("date", "DATE", "only this day, YYYY-MM-DD", "?")
DAYS = word("dates", "DATE", "YYYY-MM-DD, or FIRST..LAST", "+")

EVERYWHERE = under(
    "everywhere",
    setting("--data-dir", "DIR", "where days live (data, or SPYMON_DATA_DIR)"),
    value("--config", "FILE", "read this settings file instead of spymon.toml"),
    flag("-v", "--verbose", help="show the traceback of a failure"),
)
"""What is understood with every command and without one."""

TAPE = under(
    "tape",
    choice("--convention", "whose sign dealers have (assumed)", "assumed", "flow", "blended"),
    value("--replay", "DATE", "a day: from disk, fetched with a key, or simulated"),
    setting("--source", "NAME", "simulated, a provider's chain now, or auto (auto)"),
    SEED,
    CUSTOM,
)
"""Which tape a command reads that shows no screen."""


def add_to(parser: argparse.ArgumentParser, arguments: Iterable[Argument]) -> None:
    """Add arguments to a parser, under their headings."""
    groups: dict[tuple[str, str], Any] = {("", ""): parser}
    for each in arguments:
        if (each.group, "") not in groups:
            groups[each.group, ""] = parser.add_argument_group(each.group)
        if (each.group, each.either) not in groups:
            groups[each.group, each.either] = groups[each.group, ""].add_mutually_exclusive_group()
        groups[each.group, each.either].add_argument(*each.names, **_options(each))


def _options(each: Argument) -> dict[str, Any]:
    """Return what argparse wants to be told of an argument."""
    options: dict[str, Any] = {
        "help": each.help.replace("%", "%%"),
        "metavar": each.metavar,
        "nargs": each.nargs,
        "choices": each.choices,
        "dest": each.dest,
        "required": each.required,
        "action": "append" if each.repeats else "",
    }
    if not each.metavar and not each.choices:
        options |= {"action": "store_const", "const": each.const} if each.const else {"action": "store_true"}
    return {name: told for name, told in options.items() if told}
