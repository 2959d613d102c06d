"""The command line as a reference: what every command is called, how it is used, what its arguments mean."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import EVERYWHERE, Argument
from .command_table import COMMANDS, WITHOUT_COMMAND


@dataclass(frozen=True, slots=True)
class CommandReference:
    """One command, as a page may list it.

    name      : as it is typed, `spymon days`; `spymon` alone is the screen
    usage     : name, words and flags in one line
    arguments : (how it is written, what it means, the heading it stands under or '') of each, those that
                stand everywhere only with `spymon` alone
    """

    name: str
    help: str
    usage: str
    arguments: tuple[tuple[str, str, str], ...]


def command_reference() -> tuple[CommandReference, ...]:
    """Return `spymon` without a command, then every command in the order of the table."""
    watching = "open the screen, or print lines where there is none"
    listed = [("spymon", watching, WITHOUT_COMMAND)]
    listed += [(f"spymon {entry.name}", entry.help, entry.arguments) for entry in COMMANDS]
    return tuple(
        CommandReference(
            name,
            help,
            " ".join([name, *_usage(arguments)]),
            tuple((each.spelling, each.help, each.group) for each in arguments),
        )
        for name, help, arguments in listed
    )


def _usage(arguments: tuple[Argument, ...]) -> list[str]:
    """Return the words first, as they are typed; what can be left out stands in brackets."""
    written = [each for each in arguments if each not in EVERYWHERE]
    written.sort(key=lambda each: not each.is_word)
    needed = [each.required or (each.is_word and each.nargs in ("", "+")) for each in written]
    return [
        each.spelling if must else f"[{each.spelling}]" for each, must in zip(written, needed, strict=True)
    ]
