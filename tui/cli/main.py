"""The composition root: reads the command line, chooses the concrete parts, answers with an exit code.

Owns the exit codes, what happens on Ctrl-C and on a closed pipe, and the order of imports: nothing heavy is
imported before it is needed, so `--help` is instant and the first paint waits for no compiler.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # as in `typing`, without its import: until `main` listens, Ctrl-C shows a traceback
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tui.settings.config import Settings

    from ..run.interrupts import InterruptHandler

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run spymon and return its exit code; `argv` without the program's name, the process's own if None.

    With `argv` None the process is ours: an interruption ends it at once, wherever it is.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if argv is None and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        return _guarded(words, ours=argv is None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except Exception as error:
        return _failure(error, verbose="-v" in words or "--verbose" in words)


def _guarded(words: Sequence[str], ours: bool) -> int:
    from contextlib import nullcontext

    from ..run.interrupts import InterruptHandler

    leaver = InterruptHandler()
    with leaver.at_once() if ours else nullcontext():
        code = _run(words, leaver)
        sys.stdout.flush()  # here a full disk is still a sentence, later it would be a traceback
        return code


def _run(words: Sequence[str], leaver: InterruptHandler) -> int:
    from .parser import parse_args

    args = parse_args(words)
    if "version" in args:
        sys.stdout.write(f"spymon {_version()}\n")
        return 0
    if args.command == "config":
        from .commands.config import run_config

        with leaver.by_exception():
            return run_config(args, lambda: _settings(args), _settings_file(args))
    settings = _settings(args)
    _say(settings.warnings)
    return _dispatch(args, settings, leaver)


def _dispatch(args: argparse.Namespace, settings: Settings, leaver: InterruptHandler) -> int:
    if args.command == "days":
        from .commands.days import run_days

        return run_days(settings.data_dir, as_json="json" in args)
    if args.command == "import":
        from .commands.imports import run_import

        return run_import(args, settings, leaver)
    if args.command == "verify":
        from .commands.verify import run_verify

        return run_verify(args, settings, leaver)
    if args.command == "compact":
        from .commands.compact import run_compact

        return run_compact(args, settings, leaver)
    if args.command == "backfill":
        from .commands.backfill import run_backfill

        return run_backfill(args, settings, leaver)
    if args.command == "cache":
        from .commands.cache import run_cache

        return run_cache(args, settings)
    if args.command == "archive":
        from .commands.archive import run_archive

        return run_archive(args, settings, leaver)
    if args.command == "record":
        from .commands.record import run_record

        return run_record(settings)
    if args.command == "levels":
        from .commands.levels import run_levels

        return run_levels(args, settings, leaver)
    if args.command == "snapshot":
        from .commands.snapshot import run_snapshot

        return run_snapshot(args, settings, leaver)
    if args.command == "study":
        from .commands.study import run_study

        return run_study(args, settings, leaver)
    if args.command == "alert":
        from .commands.alert import run_alert

        return run_alert(args, settings)
    return _watch(args, settings, leaver)


def _watch(args: argparse.Namespace, settings: Settings, leaver: InterruptHandler) -> int:
    from datetime import datetime

    from engine.model.calendar import ET

    from ..run.attaching import attached_plan
    from ..run.fetch_missing_day import disk_with
    from ..run.plan import RunFlags, make_plan

    lines = _lines(args)
    replay, from_, to = (getattr(args, name, None) for name in ("replay", "from_", "to"))
    asked = RunFlags(replay, from_, to, lines)
    disk, today = disk_with(replay, args, settings, leaver), datetime.now(ET).date()
    plan = attached_plan(asked, settings, disk, today) or make_plan(asked, settings, disk, today)
    _say(plan.warnings)
    if lines is not None:
        from .headless import run_headless

        return run_headless(plan, settings, leaver)
    from ..run.open_screen import run_screen

    with leaver.by_exception():  # until the screen listens itself: a raw terminal must be put back
        return run_screen(plan, settings)


def _lines(args: argparse.Namespace) -> str | None:
    """Return 'text' or 'json' when there is to be no screen, else None."""
    if "json" in args:
        return "json"
    if "headless" in args or not sys.stdout.isatty():
        return "text"
    if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
        _say(["This terminal has no keyboard or cannot place text; lines are printed instead of the screen."])
        return "text"
    return None


def _settings(args: argparse.Namespace) -> Settings:
    from tui.settings.config import load_settings

    from .parser import SETTING_FLAGS

    names = [name for name in SETTING_FLAGS if name in args and name not in _own_flags(args.command)]
    given = {name: getattr(args, name) for name in names}
    flags = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    return load_settings(flags, os.environ, *_places(args), getattr(args, "set", ()))


def _own_flags(command: str | None) -> tuple[str, ...]:
    """Return the flags that are no settings there: --symbol picks one, --expiry can be all."""
    own = {
        "import": ("symbol",),
        "verify": ("symbol",),
        "compact": ("symbol",),
        "archive": ("symbol",),
        "levels": ("expiry",),
    }
    return own.get(command or "", ())


def _settings_file(args: argparse.Namespace) -> Path:
    from tui.settings.config import settings_file

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
    from engine.model.errors import SpymonError

    if verbose:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, SpymonError):
        _say([str(error)])
        return error.exit_code
    if isinstance(error, OSError):
        if error.filename is None:
            _forget_stdout()
        _say([f"{error.filename or 'The output'} cannot be used ({error.strerror})."])
        return 1
    hint = "" if verbose else "; run it again with -v for the details"
    _say([f"something failed that should not have ({type(error).__name__}: {error}){hint}."])
    return 1


def _say(sentences: Iterable[str]) -> None:
    from .output import say

    for sentence in sentences:
        say(sentence)


def _forget_stdout() -> None:
    # Whoever read it is gone, or its disk is full: the interpreter must not try to flush it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
