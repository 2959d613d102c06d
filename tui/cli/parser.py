"""The command line's grammar, made from `command_table`: every flag and command, nothing of what they do.

Importing this module costs argparse and no more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from engine.model.errors import UsageError
from engine.model.hints import did_you_mean

from .arguments import EVERYWHERE, add_to
from .command_table import COMMANDS, WITHOUT_COMMAND

SEE_HELP = "see spymon --help."

EPILOG = """\
Without a terminal, or with --headless, spymon prints one line per signal, a status line every 5 s of
tape and a summary per symbol. --json makes each line an object with type signal, outcome, status,
view or summary. An outcome tells what came of a signal after 1, 5 and 15 minutes;
a view of every symbol is printed at each 5 minutes of tape and at the end.

exit codes: 0 done, 1 something failed, 2 wrong usage, 3 credentials missing or refused,
4 no data for what was asked, 130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises `UsageError` in place of printing its usage and leaving."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into one sentence."""
        raise UsageError(_sentence(message))


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; only what was typed is an attribute of the result, and `command`.

    Raises UsageError for anything that is not in the grammar; --help leaves by SystemExit.
    """
    parser = build_parser()
    _check_flags(argv)
    args, rest = parser.parse_known_args(list(argv))
    if rest:
        raise UsageError(_stray(rest[0], args.command))
    return args


def build_parser() -> Parser:
    """Return the whole grammar."""
    parser = Parser(
        prog="spymon",
        description="Watch short-dated option flow: strikes, gamma and signals, live, replayed or simulated.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add_to(parser, WITHOUT_COMMAND)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=False)
    for entry in COMMANDS:
        command = commands.add_parser(
            entry.name,
            help=entry.help.replace("%", "%%"),
            description=entry.help,
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
        )
        add_to(command, (*EVERYWHERE, *entry.arguments))
    return parser


def _check_flags(argv: Sequence[str]) -> None:
    # Before argparse does: it would take the value of a misspelt flag for a command.
    arguments = (*WITHOUT_COMMAND, *(each for entry in COMMANDS for each in entry.arguments))
    flags = ["--help", *(name for each in arguments for name in each.names)]
    known = [name for name in dict.fromkeys(flags) if name.startswith("--")]
    for word in argv:
        name = word.partition("=")[0]
        if name.startswith("--") and name not in known:
            raise UsageError(f"{name} is not a flag of spymon; {did_you_mean(name, known, SEE_HELP, '')}")


def _sentence(message: str) -> str:
    head, sep, tail = message.partition(": invalid choice: ")
    if not sep:
        return f"Wrong usage: {message}; see spymon --help."
    word, _, names = tail.partition(" (choose from ")
    choices = [name.strip("' )") for name in names.split(",")]
    kind = "command" if "COMMAND" in head else head.removeprefix("argument ")
    return f"{word} is no {kind} of spymon; {did_you_mean(word.strip(chr(39)), choices, SEE_HELP, '')}"


def _stray(word: str, command: str | None) -> str:
    place = f"spymon {command}" if command else "spymon"
    if word.startswith("-"):
        return f"{word} is not a flag of {place}; see {place} --help."
    return f"{word} is one argument too many; see {place} --help."
