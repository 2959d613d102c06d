"""The shell that runs a page's commands: spymon's in this process, everything else in a real one.

A block is run in a folder of its own, line after line. What would go on for long (a screen's run, a recorder)
is left once it has said something, as `head` or Ctrl-C would leave it.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT
from tui.cli.main import INTERRUPTED, main

THEIRS = ("SPYMON_", "MASSIVE_", "POLYGON_", "USE_REST", "S3_", "SSH_", "COLUMNS", "LINES")
_ASSIGNED = re.compile(r"(?:[A-Z][A-Z0-9_]*=\S* )+")
_PIPE = re.compile(r""" (?=[|>])(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")


@dataclass(frozen=True)
class Command:
    """One line of a block.

    words   : spymon's own, without its name; None where it is something else
    rest    : the pipe or redirection behind it, or the whole line where it is something else
    environ : assignments in front of it
    """

    words: tuple[str, ...] | None
    rest: str
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        """The subcommand; empty without one."""
        return self.words[0] if self.words and not self.words[0].startswith("-") else ""

    @property
    def endless(self) -> bool:
        """Whether it goes on until somebody leaves it, or for so long that nobody would wait."""
        bounded = self.rest or "--to" in (self.words or ())
        return self.name == "record" or not (self.name or bounded)


def commands(code: str) -> Iterator[Command]:
    """Yield the commands of a block, without their comments."""
    for line in code.splitlines():
        text = _without_comment(line)
        if text:
            yield _command(text)


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s+)#.*$", "", line).strip()


def _command(text: str) -> Command:
    assigned = _ASSIGNED.match(text)
    own = text[assigned.end() :] if assigned else text
    if own.split()[0] != "spymon":
        return Command(None, text, {})
    environ = dict(pair.split("=", 1) for pair in assigned[0].split()) if assigned else {}
    words, *rest = _PIPE.split(own, maxsplit=1)
    return Command(tuple(shlex.split(words)[1:]), rest[0] if rest else "", environ)


@contextmanager
def environment(more: Mapping[str, str]) -> Iterator[None]:
    """Have some more in the environment, for a while."""
    kept = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


@contextmanager
def elsewhere(folder: Path, **more: str) -> Iterator[None]:
    """Work in a folder, with nothing of the person who runs the tests in the environment."""
    with environment({"XDG_CONFIG_HOME": str(folder / "home")} | more), chdir(folder):
        for name in [name for name in os.environ if name.startswith(THEIRS) and name not in more]:
            del os.environ[name]
        yield


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def run(command: Command) -> Result:
    """Run a command where we are."""
    if command.words is None:
        return _real(command.rest)
    done = _spymon(command)
    if command.rest.startswith("|") and not done.code:
        after = _real(command.rest[1:], done.out)
        return Result(after.code, after.out, done.err + after.err)
    if command.rest.startswith(">"):
        Path(command.rest[1:].strip()).write_text(done.out, encoding="utf-8")
    return done


def _real(line: str, given: str = "") -> Result:
    """Run a line in a real shell; make is only asked what it would do."""
    making = line.startswith("make ")
    asked = line.replace("make ", "make -n ", 1) if making else line
    place = ROOT if making else Path.cwd()
    done = subprocess.run(["sh", "-ec", asked], input=given, capture_output=True, text=True, cwd=place)
    return Result(done.returncode, done.stdout, done.stderr)


class Output(io.TextIOWrapper):
    """Where spymon's lines go, and who reads them: of a recorder somebody who interrupts it, else a pipe that
    is closed."""

    def __init__(self, file: Path, command: Command) -> None:
        super().__init__(file.open("wb", buffering=0), encoding="utf-8", write_through=True)
        self._leaves = command.endless
        self._records = command.name == "record"

    def write(self, text: str) -> int:
        """Take some text; after the first of a run without an end the reader leaves."""
        written = super().write(text)
        if self._leaves and text:
            self._leaves = False
            if not self._records:
                raise BrokenPipeError
            signal.raise_signal(signal.SIGINT)
        return written


def _spymon(command: Command) -> Result:
    said, file = io.StringIO(), Path(".said")
    with (
        Output(file, command) as out,
        redirect_stdout(out),
        redirect_stderr(said),
        environment(command.environ),
    ):
        code = main(list(command.words or ()))
    text = file.read_text("utf-8")
    file.unlink()
    left = command.endless and code == INTERRUPTED and text
    return Result(0 if left else code, text, said.getvalue())
