"""The composition root: reads the command line, chooses the concrete parts, answers with an exit code.

Owns the exit codes, what happens on Ctrl-C and on a closed pipe, and the order of imports: nothing heavy is
imported before it is needed, so `--help` is instant and the first paint waits for no compiler.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from .output import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from engine.config import Settings

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run spymon and return its exit code; `argv` without the program's name, the process's own if None."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except Exception as error:
        return _failure(error, verbose="-v" in words or "--verbose" in words)
    finally:
        if argv is None:  # the process ends here; an interrupt during its shutdown would print a traceback
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(words: Sequence[str]) -> int:
    from .parser import parse_args

    args = parse_args(words)
    if "version" in args:
        sys.stdout.write(f"spymon {_version()}\n")
        return 0
    if args.command == "config":
        from .commands.config import run_config

        return run_config(args, lambda: _settings(args), _settings_file(args))
    settings = _settings(args)
    for warning in settings.warnings:
        say(warning)
    return _dispatch(args, settings)


def _dispatch(args: argparse.Namespace, settings: Settings) -> int:
    if args.command == "days":
        from .commands.days import run_days

        return run_days(settings.data_dir, as_json="json" in args)
    if args.command == "import":
        from .commands.imports import run_import

        return run_import(args, settings)
    if args.command == "verify":
        from .commands.verify import run_verify

        return run_verify(args, settings)
    return _watch(args, settings)


def _watch(args: argparse.Namespace, settings: Settings) -> int:
    from datetime import datetime

    from engine.market import ET

    from .plan import Asked, days_on_disk, make_plan

    lines = _lines(args)
    asked = Asked(*(getattr(args, name, None) for name in ("replay", "from_", "to")), lines)
    today = datetime.now(ET).date()
    plan = make_plan(asked, settings, days_on_disk(settings.data_dir), today)
    for warning in plan.warnings:
        say(warning)
    if lines is not None:
        from .headless import run_headless

        return run_headless(plan, settings)
    from .screen import run_screen

    return run_screen(plan, settings)


def _lines(args: argparse.Namespace) -> str | None:
    """Return 'text' or 'json' when there is to be no screen, else None."""
    if "json" in args:
        return "json"
    if "headless" in args or not sys.stdout.isatty():
        return "text"
    if not sys.stdin.isatty():
        say("there is no keyboard (stdin is not a terminal), so lines are printed in place of the screen.")
        return "text"
    return None


def _settings(args: argparse.Namespace) -> Settings:
    from engine.config import load_settings

    from .parser import SETTING_FLAGS

    narrowed = args.command in ("import", "verify")  # there --symbol picks one and is no watch list
    names = [name for name in SETTING_FLAGS if name in args and not (narrowed and name == "symbol")]
    given = {name: getattr(args, name) for name in names}
    flags = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    return load_settings(flags, os.environ, *_places(args))


def _settings_file(args: argparse.Namespace) -> Path:
    from engine.config import settings_file

    return settings_file(*_places(args))


def _places(args: argparse.Namespace) -> tuple[Path, Path, Path | None]:
    from pathlib import Path

    import platformdirs

    chosen = Path(args.config) if "config" in args else None
    return Path(), platformdirs.user_config_path("spymon"), chosen


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("spymon")
    except PackageNotFoundError:
        return "(run from its source folder, not installed)"


def _failure(error: Exception, verbose: bool) -> int:
    from engine.errors import SpymonError

    if verbose:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, SpymonError):
        say(str(error))
        return error.exit_code
    hint = "" if verbose else "; run it again with -v for the details"
    say(f"something failed that should not have ({type(error).__name__}: {error}){hint}.")
    return 1


def _forget_stdout() -> None:
    # The reader is gone; the interpreter must not try to flush what it will never read.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
