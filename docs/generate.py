"""`python -m docs.generate`: write the reference pages, each from the table that the program itself reads.

Owns what the pages in `docs/reference/` say and how they are laid out, and in `docs/signals.md` what stands
between `<!-- made: RULE -->` and `<!-- made. -->`; nothing of what the tables hold. What was edited by hand,
or whose table has changed since, fails `tests/docs/test_generated.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.feeds.provider import Capabilities, Feed, Provider
from engine.feeds.registry import FEEDS
from engine.fold.reference import EVIDENCE_HEAD, THRESHOLD_HEAD, cell, evidence_rows, threshold_rows
from engine.fold.rules.catalogue import rule_named
from tui.cli.arguments import EVERYWHERE
from tui.cli.command_table import COMMANDS, WITHOUT_COMMAND
from tui.cli.reference import CommandReference, command_reference
from tui.screen import keys
from tui.settings.setting import KEYS, OPEN_KEYS, SETTINGS, Setting

FOLDER = Path(__file__).parent / "reference"
SIGNALS = Path(__file__).parent / "signals.md"
MADE = "<!-- Made by `make docs`; edit the table it is made from. -->"
NOTHING = "nothing"
_PART = re.compile(r"(<!-- made: (\w+) -->)\n.*?(<!-- made\. -->)", re.DOTALL)
_USAGE = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]|\S+")


def pages() -> Mapping[str, str]:
    """Return every generated page by its file's name."""
    made: Mapping[str, Callable[[], Iterator[str]]] = {
        "keys.md": _keys,
        "settings.md": _settings,
        "thresholds.md": _thresholds,
        "providers.md": _providers,
        "commands.md": _commands,
    }
    return {name: "\n".join([MADE, "", *lines(), ""]) for name, lines in made.items()}


def filled(page: str) -> str:
    """Return the page of signals with what stands between its marks made anew."""
    return _PART.sub(lambda part: "\n".join((part[1], *_part(part[2]), part[3])), page)


def write(folder: Path = FOLDER, signals: Path = SIGNALS) -> None:
    """Write every page, and the parts of the page of signals."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    signals.write_text(filled(signals.read_text("utf-8")), encoding="utf-8")


# --- keys -------------------------------------------------------------------------------------------------


def _keys() -> Iterator[str]:
    yield "# Keys"
    yield ""
    yield (
        "Every key of the screen. `?` shows them there, `:` finds each command by name. Where no place is "
        "named, a key holds on the main screen."
    )
    group = ""
    for row in keys.reference():
        if row.group != group:
            group = row.group
            yield from ("", f"## {group.capitalize()}", "", *table(("key", "id", "does"), ()))
        place = "" if row.where == "main screen" or row.where in row.does else f" ({row.where})"
        yield from _rows([(" ".join(map(code, row.keys)), code(row.id), cell(row.does) + place)])


# --- settings ---------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield (
        "Where a setting stands in several places, the first of these wins: the flag, the environment, "
        "`.env` in the working folder, `spymon.toml` in the working folder, `spymon.toml` in your own "
        "configuration folder, the default. `spymon config show` prints every setting with its value and "
        "where that comes from; `spymon config edit` opens the file. Over SSH the default of `fps` is 4."
    )
    yield ""
    yield (
        "A name with a dot is a key in a table of `spymon.toml`: `alerts.burst` is `burst` under `[alerts]`. "
        "Signal thresholds have [a page of their own](thresholds.md)."
    )
    yield ""
    yield from table(("setting", "default", "is", "may be", "flag", "variable"), map(_setting, SETTINGS))
    yield ""
    yield "## Keys of providers"
    yield ""
    yield (
        "These are read from the environment and from `.env` alone, and no command shows them but as "
        "`********`."
    )
    yield ""
    yield from table(
        ("key", "variable", "shown"),
        (
            (code(name), " ".join(map(code, variables)), "yes" if name in OPEN_KEYS else "never")
            for name, variables in KEYS.items()
        ),
    )


def _setting(setting: Setting) -> tuple[str, ...]:
    typed = (*WITHOUT_COMMAND, *(each for entry in COMMANDS for each in entry.arguments))
    has_flag = any(each.setting and each.attribute == setting.name for each in typed)
    variables = (setting.variable, *(name for name, _ in setting.also))
    return (
        code(setting.key),
        code(setting.default) if setting.default else NOTHING,
        cell(setting.help),
        cell(setting.rule),
        code(setting.flag) if has_flag else "",
        " ".join(map(code, variables)),
    )


# --- thresholds and rules ---------------------------------------------------------------------------------


def _thresholds() -> Iterator[str]:
    yield "# Thresholds"
    yield ""
    yield (
        "Every number a signal rule is judged by, under the two presets. `--set volume_spike.z=5` sets one "
        "for a run, a table such as `[signals.volume_spike]` with `z = 5` in `spymon.toml` for all. A name "
        "without a dot belongs to all rules. [Signals](../signals.md) says what each rule does with them."
    )
    yield ""
    yield from table(THRESHOLD_HEAD, threshold_rows())


def _part(name: str) -> Iterator[str]:
    """Yield what the page of signals says from the catalogue: a rule, or what all rules share."""
    rule = rule_named(name)
    if rule is None:
        yield from table(THRESHOLD_HEAD, threshold_rows(""))
        return
    yield from (f"{code(rule.name)}: {rule.fires}", "")
    yield from table(THRESHOLD_HEAD, threshold_rows(rule.name))
    yield ""
    yield from table(EVIDENCE_HEAD, evidence_rows(rule))


# --- providers --------------------------------------------------------------------------------------------

CAPABILITIES: Mapping[str, str] = {
    "prints": "each trade by itself, not only day volumes",
    "sides": "who crossed the spread in a trade",
    "quotes": "quotes of contracts",
    "greeks": "greeks of contracts",
    "open_interest": "open interest of contracts",
    "index_spot": "the level of an index itself",
    "delay_s": "behind the market, s",
    "beat_s": "speaks every … s when all is well",
    "redistributable": "may be served on to others",
}
"""What the page calls each field of `Capabilities`."""


def _providers() -> Iterator[str]:
    yield "# Providers"
    yield ""
    yield (
        "What each source can give at most, and how far it is proven. A plan may grant less; the screen says "
        "so. `tested against a fake` means that no run against the real market has been held against it yet. "
        "[Settings](settings.md) lists the addresses and keys of each."
    )
    yield ""
    feeds = list(FEEDS.values())
    yield from table(("", *(code(feed.name) for _, feed in feeds)), _provider_rows(feeds))


def _provider_rows(feeds: Sequence[tuple[Provider, Feed]]) -> Iterator[Sequence[str]]:
    yield ("is", *(feed.label for _, feed in feeds))
    yield ("proven", *(provider.proof.value for provider, _ in feeds))
    yield ("needs", *(_secrets(provider) for provider, _ in feeds))
    for field, words in CAPABILITIES.items():
        yield (words, *(_capability(feed.capabilities, field) for _, feed in feeds))
    yield ("past days", *(_yes(provider.backfill is not None) for provider, _ in feeds))


def _secrets(provider: Provider) -> str:
    return " ".join(code(each.variables[0]) for each in provider.secrets) or NOTHING


def _capability(given: Capabilities, field: str) -> str:
    value = getattr(given, field)
    if value is None:
        return "as the plan"
    return _yes(value) if isinstance(value, bool) else f"{value:g}"


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


# --- commands ---------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield (
        "`spymon --help` and `spymon COMMAND --help` say the same. The default stands in parentheses. "
        "Flags that are [settings](settings.md) as well can be set there for good."
    )
    everywhere = {each.group for each in EVERYWHERE}
    alone, *others = command_reference()
    shared = [each for each in alone.arguments if each[2] in everywhere]
    own = tuple(each for each in alone.arguments if each[2] not in everywhere)
    yield from _command(replace(alone, arguments=own))
    yield from ("", "## Everywhere", "", "These flags go with every command, before its name or behind it.")
    yield from _arguments([(written, says, "") for written, says, _ in shared])
    for each in others:
        yield from _command(each)
    yield from ("", "## Exit codes", "")
    yield from table(("code", "says"), [(str(number), says) for number, says in EXIT_CODES])


EXIT_CODES = (
    (0, "done"),
    (1, "something failed, or a file is damaged"),
    (2, "wrong usage, or a setting that cannot be"),
    (3, "a key is missing or was refused"),
    (4, "there is no data for what was asked"),
    (130, "interrupted by Ctrl-C; 143 by SIGTERM, 129 when the terminal went away"),
)


def _command(of: CommandReference) -> Iterator[str]:
    yield from ("", f"## {code(of.name)}", "", sentence(cell(of.help)), "")
    yield from ("```text", *wrapped(pieces(of.usage)), "```")
    yield from _arguments(of.arguments)


def _arguments(arguments: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a table of each group of arguments: (how it is written, what it means, its heading)."""
    group = None
    for written, says, heading in arguments:
        if heading != group:
            group = heading
            yield from ("", *table((heading or "argument", "says"), ()))
        yield from _rows([(code(written), cell(says))])


# --- markdown ---------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from _rows(rows)


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"


def code(text: str) -> str:
    """Return a piece of code for a table's cell."""
    return f"`{cell(text)}`"


def sentence(text: str) -> str:
    """Return words with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def pieces(usage: str) -> list[str]:
    """Return the words of a command's usage; what stands in brackets is one."""
    return _USAGE.findall(usage)


def wrapped(words: Sequence[str], width: int = 96) -> Iterator[str]:
    """Yield words in lines, those after the first indented; no word is cut."""
    line, indent = "", " " * 4
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = indent + word
        else:
            line = f"{line} {word}" if line else word
    yield line


if __name__ == "__main__":
    write()
