"""Every command: its name, what it does in a line, its arguments, and which function runs it.

The parser, the dispatch and the reference page are made from this table. A new command is one file in
`tui/cli/commands` and one entry here; its module is imported when it is run, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.feeds.registry import FEEDS

from .arguments import (
    CUSTOM,
    DAYS,
    EVERYWHERE,
    FIRST_SYMBOL,
    ONE_DAY,
    ONE_SYMBOL,
    PRESET,
    SEED,
    SET_THRESHOLD,
    TAPE,
    WATCH_LIST,
    Argument,
    choice,
    flag,
    setting,
    under,
    value,
    word,
)


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command.

    run       : 'module:function' in `tui.cli.commands`; it is called with the parsed line, the settings and
                the `InterruptHandler`, and returns the exit code
    arguments : beside those that stand everywhere
    needs_settings : whether it is run with settings that could be read; without, it is given none
    """

    name: str
    help: str
    run: str
    arguments: tuple[Argument, ...] = ()
    needs_settings: bool = True


WITHOUT_COMMAND = (
    flag("--version", help="print the version and leave"),
    *under(
        "replay",
        value("--replay", "DATE", "replay a day: from disk, fetched with a key, or simulated"),
        setting("--speed", "X|max", "tape seconds per second (1; simulated 10)"),
        value("--from", "T", "start at HH:MM[:SS] exchange time (open)", dest="from_"),
        value("--to", "T", "stop at HH:MM[:SS] exchange time (close)"),
        SEED,
    ),
    *under(
        "what to watch",
        setting("--symbol", "A[,B...]", "watch list, the first is shown"),
        CUSTOM,
        setting("--expiry", "0dte|DATE|N", "that day's, one date, or the nearest N (3)"),
        setting("--strikes", "N", "strikes each side of at-the-money (25)"),
        setting("--source", "NAME", f"{', '.join(FEEDS)} or auto (auto)"),
        PRESET,
        SET_THRESHOLD,
    ),
    *under(
        "output",
        flag("--headless", help="lines instead of the screen"),
        flag("--json", help="NDJSON lines instead of the screen"),
        setting("--fps", "N", "frames per second, 1 to 20 (10; 4 over SSH)"),
        flag(
            "--alerts", help="send alerts of a replay too", dest="alerts_in_replay", const="true",
            setting=True,
        ),
    ),
    *EVERYWHERE,
)  # fmt: skip
"""What is understood when no command is named: a screen, or lines in its place."""

COMMANDS = (
    CommandEntry(
        "days", "list what is on disk: dates, symbols, spans, events, gaps, origin", "days:run",
        (flag("--json", help="one JSON object per day and symbol"),),
    ),
    CommandEntry(
        "import", "turn flat files (CSV, .csv.gz) and per-contract trade Parquet into days", "imports:run",
        (
            word("paths", "PATH", "a file, or a folder to walk", "+"),
            ONE_SYMBOL,
            value("--date", "D", "only this day, YYYY-MM-DD"),
        ),
    ),
    CommandEntry(
        "backfill", "fetch past days from Massive over REST: once, and only what is missing", "backfill:run",
        (
            DAYS,
            FIRST_SYMBOL,
            setting("--expiry", "0dte|DATE|N", "that day's, one date, or the nearest N (3)"),
            setting("--strikes", "N", "strikes each side of every price that day had (25)", either="strikes"),
            flag("--all", help="every strike", either="strikes"),
            CUSTOM,
        ),
    ),
    CommandEntry(
        "cache", "what was fetched of past days, by day and symbol, or delete it", "cache:run",
        (
            choice("action", "stats or clear", "stats", "clear"),
            ONE_DAY,
            flag("--yes", help="clear without asking"),
            flag("--json", help="stats as one JSON object per day and symbol"),
        ),
    ),
    CommandEntry(
        "record", "record a live day without a screen, day after day, until it is ended", "record:run",
        (
            WATCH_LIST,
            setting("--source", "NAME", f"{', '.join(FEEDS)} ({next(iter(FEEDS))})"),
            CUSTOM,
            setting("--speed", "X|max", "of the simulated day: its seconds per second (1)"),
            SEED,
        ),
    ),
    CommandEntry(
        "levels", "gamma exposure, walls, zero gamma and max pain of a symbol or a chain file", "levels:run",
        (
            word("underlying", "SYMBOL", "whose; from recorder, provider, disk or simulation", "?"),
            value(
                "--chain", "FILE", "quotedata.csv, chain JSON or a table; .gz too, pages together", nargs="+",
            ),
            value("--at", "T", "2025-05-01T08:28 or 08:28, exchange time (the file's; the end)"),
            value("--expiry", "all|0dte|DATE|N", "that day's, one date, the nearest N (all)"),
            value("--spot", "X", "price of the underlying, if the file does not say"),
            choice("--basis", "what is weighed (oi)", "oi", "volume", "flow"),
            choice("--iv", "from the quotes, or the file's column (own)", "own", "vendor"),
            setting("--rate", "R", "yearly interest rate as a fraction (0.04)"),
            setting("--dividend", "Q", "yearly yield as a fraction (each forward by put-call parity)"),
            flag("--json", help="one JSON object, GEX in $ per 1 %"),
            choice("--format", "shape of the answer (table)", "table", "csv", "tradingview"),
            *TAPE,
        ),
    ),
    CommandEntry(
        "snapshot", "write positions and gamma of every contract at a moment, or list a day's",
        "snapshot:run",
        (
            word("underlyings", "SYMBOL", "whose (the watch list)", "*"),
            value("--at", "T", "HH:MM[:SS] exchange time (the end)"),
            value("--every", "SPAN", "5m, 30s or 1h: one each, through the day"),
            flag("--list", help="show those of the day (today) instead"),
            flag("--json", help="one JSON object per snapshot"),
            *TAPE,
        ),
    ),
    CommandEntry(
        "verify", "fold a day again and compare its state hash with the recorded one", "verify:run",
        (word("date", "DATE", "the day, YYYY-MM-DD"), ONE_SYMBOL),
    ),
    CommandEntry(
        "compact", "turn finished recordings into days, verify them, and remove the journals", "compact:run",
        (ONE_DAY, ONE_SYMBOL),
    ),
    CommandEntry(
        "archive", "copy finished days and snapshots to the object store, or list it", "archive:run",
        (ONE_DAY, ONE_SYMBOL, flag("--list", help="show the days that are there instead")),
    ),
    CommandEntry(
        "study", "how signals did against random moments, over one day or many", "study:run",
        (
            DAYS,
            FIRST_SYMBOL,
            value(
                "--set", "NAME=VALUE", "compare with another threshold, volume_spike.z=5; may be repeated",
                repeats=True, dest="changes",
            ),
            CUSTOM,
            setting("--source", "NAME", "simulated or auto (auto)"),
            PRESET,
            flag("--json", help="print one JSON object"),
        ),
    ),
    CommandEntry(
        "alert", "send a test message over every alert channel, and say what came of it", "alert:run",
        (
            flag("--test", help="send one message per channel", required=True),
            value("--channel", "X", "over this channel alone"),
        ),
    ),
    CommandEntry(
        "thresholds", "list the thresholds of the signals that are in force, with unit and meaning",
        "thresholds:run",
        (SET_THRESHOLD, PRESET, flag("--json", help="one JSON list of all")),
    ),
    CommandEntry(
        "config", "show every setting with its origin, or find or edit the settings file", "config:run",
        (
            choice("action", "show, path or edit", "show", "path", "edit"),
            flag("--json", help="show as one JSON object"),
        ),
        needs_settings=False,
    ),
)  # fmt: skip
