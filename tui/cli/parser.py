"""The command line's grammar: every flag and subcommand, nothing of what they do.

Values are left as text; `tui.settings.config` reads them, so that a flag, a variable and a line in a settings
file obey one rule. Importing this module costs argparse and the providers' records.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from engine.feeds.registry import FEEDS
from engine.model.errors import UsageError
from engine.model.hints import did_you_mean

SETTING_FLAGS = (
    "speed", "symbol", "custom", "expiry", "strikes", "source", "preset", "seed", "data_dir", "fps", "rate",
    "dividend", "alerts_in_replay",
)  # fmt: skip
"""Flags that are settings too; the others concern one run only."""

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
    _check_flags(argv, parser)
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
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    _add_replay(parser)
    _add_watch(parser)
    _add_output(parser)
    _add_common(parser)
    parser.set_defaults(command=None)
    _add_commands(parser)
    return parser


def _add_replay(parser: Parser) -> None:
    group = parser.add_argument_group("replay")
    group.add_argument(
        "--replay", metavar="DATE", help="replay a day: from disk, fetched with a key, or simulated"
    )
    group.add_argument("--speed", metavar="X|max", help="tape seconds per second (1; simulated 10)")
    group.add_argument("--from", dest="from_", metavar="T", help="start at HH:MM[:SS] exchange time (open)")
    group.add_argument("--to", metavar="T", help="stop at HH:MM[:SS] exchange time (close)")
    group.add_argument("--seed", metavar="N", help="seed of the simulated day")


def _add_watch(parser: Parser) -> None:
    group = parser.add_argument_group("what to watch")
    group.add_argument("--symbol", metavar="A[,B...]", help="watch list, the first is shown")
    group.add_argument(
        "--custom", metavar="ROOT:INCREMENT[:PREFIX]", action="append", help="an underlying without preset"
    )
    group.add_argument("--expiry", metavar="0dte|DATE|N", help="that day's, one date, or the nearest N (3)")
    group.add_argument("--strikes", metavar="N", help="strikes each side of at-the-money (25)")
    group.add_argument("--source", metavar="NAME", help=f"{', '.join(FEEDS)} or auto (auto)")
    group.add_argument("--preset", metavar="NAME", help="signal parameters: default or seed")
    group.add_argument(
        "--set", metavar="NAME=VALUE", action="append", help="a signal threshold, e.g. volume_spike.z=5"
    )


def _add_output(parser: Parser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--headless", action="store_true", help="lines instead of the screen")
    group.add_argument("--json", action="store_true", help="NDJSON lines instead of the screen")
    group.add_argument("--fps", metavar="N", help="frames per second, 1 to 20 (10; 4 over SSH)")
    group.add_argument(
        "--alerts",
        dest="alerts_in_replay",
        action="store_const",
        const="true",
        help="send alerts of a replay too",
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("everywhere")
    group.add_argument("--data-dir", metavar="DIR", help="where days live (data, or SPYMON_DATA_DIR)")
    group.add_argument("--config", metavar="FILE", help="read this settings file instead of spymon.toml")
    group.add_argument("-v", "--verbose", action="store_true", help="show the traceback of a failure")


def _add_commands(parser: Parser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=False)

    def add(name: str, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=help, description=help, argument_default=argparse.SUPPRESS, allow_abbrev=False
        )
        _add_common(command)
        return command

    _add_days(add("days", "list what is on disk: dates, symbols, spans, events, gaps, origin"))
    _add_import(add("import", "turn flat files (CSV, .csv.gz) and per-contract trade Parquet into days"))
    _add_backfill(add("backfill", "fetch past days from Massive over REST: once, and only what is missing"))
    _add_cache(add("cache", "what was fetched of past days, by day and symbol, or delete it"))
    _add_record(add("record", "record a live day without a screen, day after day, until it is ended"))
    _add_levels(add("levels", "gamma exposure, walls, zero gamma and max pain of a symbol or a chain file"))
    _add_snapshot(add("snapshot", "write positions and gamma of every contract at a moment, or list a day's"))
    _add_verify(add("verify", "fold a day again and compare its state hash with the recorded one"))
    _add_compact(add("compact", "turn finished recordings into days, verify them, and remove the journals"))
    _add_archive(add("archive", "copy finished days and snapshots to the object store, or list it"))
    _add_study(add("study", "how signals did against random moments, over one day or many"))
    _add_alert(add("alert", "send a test message over every alert channel, and say what came of it"))
    _add_config(add("config", "show every setting with its origin, or find or edit the settings file"))


def _add_days(days: argparse.ArgumentParser) -> None:
    days.add_argument("--json", action="store_true", help="one JSON object per day and symbol")


def _add_import(load: argparse.ArgumentParser) -> None:
    load.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder to walk")
    load.add_argument("--symbol", metavar="S", help="only this underlying")
    load.add_argument("--date", metavar="D", help="only this day, YYYY-MM-DD")


def _add_backfill(backfill: argparse.ArgumentParser) -> None:
    backfill.add_argument("dates", nargs="+", metavar="DATE", help="YYYY-MM-DD, or FIRST..LAST")
    backfill.add_argument(
        "--symbol", metavar="A[,B...]", help="which underlyings (the first of the watch list)"
    )
    backfill.add_argument(
        "--expiry", metavar="0dte|DATE|N", help="that day's, one date, or the nearest N (3)"
    )
    strikes = backfill.add_mutually_exclusive_group()
    strikes.add_argument("--strikes", metavar="N", help="strikes each side of every price that day had (25)")
    strikes.add_argument("--all", action="store_true", help="every strike")
    backfill.add_argument(
        "--custom", metavar="ROOT:INCREMENT[:PREFIX]", action="append", help="an underlying without preset"
    )


def _add_cache(cache: argparse.ArgumentParser) -> None:
    cache.add_argument("action", choices=("stats", "clear"), help="stats or clear")
    cache.add_argument("date", nargs="?", metavar="DATE", help="only this day, YYYY-MM-DD")
    cache.add_argument("--yes", action="store_true", help="clear without asking")
    cache.add_argument("--json", action="store_true", help="stats as one JSON object per day and symbol")


def _add_record(record: argparse.ArgumentParser) -> None:
    record.add_argument("--symbol", metavar="A[,B...]", help="which underlyings (the watch list)")
    record.add_argument("--source", metavar="NAME", help=f"{', '.join(FEEDS)} ({next(iter(FEEDS))})")
    record.add_argument(
        "--custom", metavar="ROOT:INCREMENT[:PREFIX]", action="append", help="an underlying without preset"
    )
    record.add_argument("--speed", metavar="X|max", help="of the simulated day: its seconds per second (1)")
    record.add_argument("--seed", metavar="N", help="seed of the simulated day")


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("date", metavar="DATE", help="the day, YYYY-MM-DD")
    verify.add_argument("--symbol", metavar="S", help="only this underlying")


def _add_compact(compact: argparse.ArgumentParser) -> None:
    compact.add_argument("date", nargs="?", metavar="DATE", help="only this day, YYYY-MM-DD")
    compact.add_argument("--symbol", metavar="S", help="only this underlying")


def _add_archive(archive: argparse.ArgumentParser) -> None:
    archive.add_argument("date", nargs="?", metavar="DATE", help="only this day, YYYY-MM-DD")
    archive.add_argument("--symbol", metavar="S", help="only this underlying")
    archive.add_argument("--list", action="store_true", help="show the days that are there instead")


def _add_study(study: argparse.ArgumentParser) -> None:
    study.add_argument("dates", nargs="+", metavar="DATE", help="YYYY-MM-DD, or FIRST..LAST")
    study.add_argument("--symbol", metavar="A[,B...]", help="which underlyings (the first of the watch list)")
    study.add_argument(
        "--set",
        dest="changes",
        metavar="NAME=VALUE",
        action="append",
        help="compare with another threshold, volume_spike.z=5; may be repeated",
    )
    study.add_argument("--source", metavar="NAME", help="simulated or auto (auto)")
    study.add_argument("--preset", metavar="NAME", help="signal parameters: default or seed")
    study.add_argument("--json", action="store_true", help="print one JSON object")


def _add_alert(alert: argparse.ArgumentParser) -> None:
    alert.add_argument("--test", action="store_true", required=True, help="send one message per channel")
    alert.add_argument("--channel", metavar="X", help="over this channel alone")


def _add_config(config: argparse.ArgumentParser) -> None:
    config.add_argument("action", choices=("show", "path", "edit"), help="show, path or edit")
    config.add_argument("--json", action="store_true", help="show as one JSON object")


def _add_levels(levels: argparse.ArgumentParser) -> None:
    levels.add_argument("underlying", nargs="?", metavar="SYMBOL", help="whose; its tape, unless --chain")
    levels.add_argument(
        "--chain",
        nargs="+",
        metavar="FILE",
        help="quotedata.csv, chain JSON or a table; .gz too, pages together",
    )
    levels.add_argument(
        "--at", metavar="T", help="2025-05-01T08:28 or 08:28, exchange time (the file's; the end)"
    )
    levels.add_argument(
        "--expiry", metavar="all|0dte|DATE|N", help="that day's, one date, the nearest N (all)"
    )
    levels.add_argument("--spot", metavar="X", help="price of the underlying, if the file does not say")
    levels.add_argument("--iv", choices=("own", "vendor"), help="from the quotes, or the file's column (own)")
    levels.add_argument("--rate", metavar="R", help="yearly interest rate as a fraction (0.04)")
    levels.add_argument(
        "--dividend", metavar="Q", help="yearly yield as a fraction (each forward by put-call parity)"
    )
    levels.add_argument("--json", action="store_true", help="one JSON object, GEX in $ per 1 %%")
    levels.add_argument(
        "--format", choices=("table", "csv", "tradingview"), help="shape of the answer (table)"
    )
    _add_tape(levels)


def _add_snapshot(snapshot: argparse.ArgumentParser) -> None:
    snapshot.add_argument("underlyings", nargs="*", metavar="SYMBOL", help="whose (the watch list)")
    snapshot.add_argument("--at", metavar="T", help="HH:MM[:SS] exchange time (the end)")
    snapshot.add_argument("--every", metavar="SPAN", help="5m, 30s or 1h: one each, through the day")
    snapshot.add_argument("--list", action="store_true", help="show those of the day (today) instead")
    snapshot.add_argument("--json", action="store_true", help="one JSON object per snapshot")
    _add_tape(snapshot)


def _add_tape(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("tape")
    group.add_argument(
        "--convention", choices=("assumed", "flow", "blended"), help="whose sign dealers have (assumed)"
    )
    group.add_argument("--replay", metavar="DATE", help="a day: from disk, fetched with a key, or simulated")
    group.add_argument("--source", metavar="NAME", help="simulated or auto (auto)")
    group.add_argument("--seed", metavar="N", help="seed of the simulated day")
    group.add_argument(
        "--custom", metavar="ROOT:INCREMENT[:PREFIX]", action="append", help="an underlying without preset"
    )


def _check_flags(argv: Sequence[str], parser: Parser) -> None:
    # Before argparse does: it would take the value of a misspelt flag for a command.
    known = _flags(parser)
    for word in argv:
        name = word.partition("=")[0]
        if name.startswith("--") and name not in known:
            raise UsageError(f"{name} is not a flag of spymon; {did_you_mean(name, known, SEE_HELP, '')}")


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    names = [option for action in parser._actions for option in action.option_strings]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            names += [name for command in action.choices.values() for name in _flags(command)]
    return [name for name in dict.fromkeys(names) if name.startswith("--")]


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
