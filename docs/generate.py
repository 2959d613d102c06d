"""`python -m docs.generate`: write the reference pages, each from the table that the program itself reads.

Owns what the pages in `docs/reference/` say and how they are laid out, nothing of what the tables hold. A
page that was edited by hand, or whose table has changed since, fails `tests/docs/test_generated.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from engine.fold.params import PRESETS, setting_names
from tui.cli.parser import SETTING_FLAGS, build_parser
from tui.screen import keys
from tui.settings.setting import KEYS, OPEN_KEYS, SETTINGS, Setting

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by `make docs`; edit the table it is made from. -->"
NOTHING = "nothing"


def pages() -> Mapping[str, str]:
    """Return every generated page by its file's name."""
    made: Mapping[str, Callable[[], Iterator[str]]] = {
        "keys.md": _keys,
        "settings.md": _settings,
        "thresholds.md": _thresholds,
        "commands.md": _commands,
    }
    return {name: "\n".join([MADE, "", *lines(), ""]) for name, lines in made.items()}


def write(folder: Path = FOLDER) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


# --- keys -------------------------------------------------------------------------------------------------


def _keys() -> Iterator[str]:
    yield "# Keys"
    yield ""
    yield "Every key of the screen. `?` shows them there, `:` finds each command by name."
    yield ""
    yield keys.markdown()


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
            (f"`{name}`", " ".join(map(code, variables)), "yes" if name in OPEN_KEYS else "never")
            for name, variables in KEYS.items()
        ),
    )


def _setting(setting: Setting) -> tuple[str, ...]:
    variables = (setting.variable, *(name for name, _ in setting.also))
    return (
        code(setting.key),
        code(setting.default) if setting.default else NOTHING,
        setting.help,
        setting.rule,
        code(setting.flag) if setting.name in SETTING_FLAGS else "",
        " ".join(map(code, variables)),
    )


# --- thresholds -------------------------------------------------------------------------------------------


def _thresholds() -> Iterator[str]:
    yield "# Thresholds"
    yield ""
    yield (
        "Every number a signal rule is judged by, under the two presets. `--set volume_spike.z=5` sets one "
        "for a run, a table such as `[signals.volume_spike]` with `z = 5` in `spymon.toml` for all. A name "
        "without a dot belongs to all rules. [Signals](../signals.md) says what each rule does with them."
    )
    yield ""
    default, seed = PRESETS["default"], PRESETS["seed"]
    yield from table(
        ("threshold", "default", "seed"),
        (
            (code(name), f"{getattr(default, field):g}", f"{getattr(seed, field):g}")
            for name, field in setting_names().items()
        ),
    )


# --- commands ---------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield (
        "`spymon --help` and `spymon COMMAND --help` say the same. The default stands in parentheses. "
        "Flags that are [settings](settings.md) as well can be set there for good."
    )
    parser = build_parser()
    yield from _command("spymon", parser)
    yield from (
        "",
        "## Everywhere",
        "",
        "These flags go with every command, before its name or behind it.",
        "",
    )
    yield from _arguments([action for action in parser._actions if action.option_strings[:1] in EVERYWHERE])
    for name, command in subcommands(parser).items():
        yield from _command(f"spymon {name}", command)
    yield from ("", "## Exit codes", "")
    yield from table(("code", "says"), [(str(number), says) for number, says in EXIT_CODES])


EVERYWHERE = (["--data-dir"], ["--config"], ["-v"], ["-h"])
"""Flags that every command takes, by their first spelling."""

EXIT_CODES = (
    (0, "done"),
    (1, "something failed, or a file is damaged"),
    (2, "wrong usage, or a setting that cannot be"),
    (3, "a key is missing or was refused"),
    (4, "there is no data for what was asked"),
    (130, "interrupted by Ctrl-C; 143 by SIGTERM, 129 when the terminal went away"),
)


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each subcommand by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    own = [action for action in parser._actions if _is_own(action)]
    words = [name, *(written(action) if action.required else f"[{written(action)}]" for action in own)]
    yield from ("", f"## `{name}`", "", sentence(str(parser.description)), "")
    yield from ("```text", *wrapped(words), "```", "")
    if own:
        yield from _arguments(own)


def _is_own(action: argparse.Action) -> bool:
    common = action.option_strings[:1] in EVERYWHERE
    return not common and not isinstance(action, argparse._SubParsersAction)


def _arguments(actions: Sequence[argparse.Action]) -> Iterator[str]:
    yield from table(("argument", "says"), [(code(written(each)), _help(each)) for each in actions])


def written(action: argparse.Action) -> str:
    """Return an argument as it is typed, `--speed X|max`."""
    value = _value(action)
    return " ".join(filter(None, (action.option_strings[0] if action.option_strings else "", value)))


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest)
    return f"{name}…" if action.nargs in ("+", "*") else name


def _help(action: argparse.Action) -> str:
    others = ", ".join(map(code, action.option_strings[1:]))
    text = str(action.help).replace("%%", "%").replace("|", "\\|")
    return f"{text}; also {others}" if others else text


# --- markdown ---------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def code(text: str) -> str:
    """Return a piece of code for a table's cell."""
    return "`" + text.replace("|", "\\|") + "`"


def sentence(text: str) -> str:
    """Return words with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


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
