"""The composition root: reads the command line, runs what it names, answers with an exit code.

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

    interrupts = InterruptHandler()
    with interrupts.at_once() if ours else nullcontext():
        code = _run(words, interrupts)
        sys.stdout.flush()  # here a full disk is still a sentence, later it would be a traceback
        return code


def _run(words: Sequence[str], interrupts: InterruptHandler) -> int:
    from importlib import import_module

    from .command_table import COMMANDS
    from .parser import parse_args

    args = parse_args(words)
    if "version" in args:
        sys.stdout.write(f"spymon {_version()}\n")
        return 0
    entry = next((each for each in COMMANDS if each.name == args.command), None)
    module, _, function = f"commands.{entry.run}".partition(":") if entry else ("watch", "", "run")
    settings = _settings(args) if entry is None or entry.needs_settings else None
    run = getattr(import_module(f"{__package__}.{module}"), function)
    return int(run(args, settings, interrupts))


def _settings(args: argparse.Namespace) -> Settings:
    from .given import settings_of

    settings = settings_of(args)
    _say(settings.warnings)
    return settings


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
