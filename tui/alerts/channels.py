"""The ways an alert is sent: the terminal's bell and toast, the desktop, a command, and URLs (`urls`).

A channel sends one alert or raises `AlertError` with one sentence, in which no secret of its URL stands. It
refuses to know how often it is asked, and what happens when it fails.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryFile
from typing import ClassVar, Protocol

from engine.model.errors import AlertError

from .message import PLACEHOLDERS, Alert, plain
from .urls import UrlChannel

WORDS = ("bell", "toast", "desktop", "command")
"""Channels that are no URL."""

TIMEOUT_S = 10.0
"""How long a command may take."""

Write = Callable[[str], None]


class Channel(Protocol):
    """One way to send an alert.

    name   : what sentences call it; never a secret
    direct : whether sending is a write to the terminal, done at once by whoever asks
    """

    name: str
    direct: ClassVar[bool]

    def prepare(self) -> None:
        """Find what sending needs; AlertError when it is not there."""
        ...

    def send(self, alert: Alert) -> None:
        """Send one alert; AlertError when it could not be delivered."""
        ...


class Bell:
    """Rings the terminal's bell."""

    name = "bell"
    direct: ClassVar[bool] = True

    def __init__(self, write: Write | None) -> None:
        self._write = write

    def prepare(self) -> None:
        """Find a terminal."""
        _terminal(self.name, self._write)

    def send(self, alert: Alert) -> None:
        """Ring."""
        _terminal(self.name, self._write)("\a")


class Toast:
    """Asks the terminal to show a notification: OSC 777 where that is spoken, else OSC 9."""

    name = "toast"
    direct: ClassVar[bool] = True

    def __init__(self, write: Write | None, environ: Mapping[str, str]) -> None:
        self._write = write
        self._environ = environ

    def prepare(self) -> None:
        """Find a terminal."""
        _terminal(self.name, self._write)

    def send(self, alert: Alert) -> None:
        """Write the sequence."""
        _terminal(self.name, self._write)(toast_sequence(alert, self._environ))


def toast_sequence(alert: Alert, environ: Mapping[str, str]) -> str:
    """Return the escape sequence that shows an alert in the terminal of these variables."""
    title, body = plain(alert.title), plain(alert.body)
    if environ.get("VTE_VERSION") or environ.get("TERM", "").startswith(("foot", "rxvt", "vte")):
        sequence = f"\x1b]777;notify;{title.replace(';', ',')};{body}\x1b\\"
    else:
        sequence = f"\x1b]9;{title} – {body}\x1b\\"
    if environ.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    return sequence


class Desktop:
    """Shows a notification of the desktop, by `notify-send` or macOS's `osascript`."""

    name = "desktop"
    direct: ClassVar[bool] = False

    def __init__(self, find: Callable[[str], str | None] = shutil.which) -> None:
        self._find = find

    def prepare(self) -> None:
        """Find the program."""
        self._argv("", "")

    def send(self, alert: Alert) -> None:
        """Show it."""
        _run(self.name, self._argv(plain(alert.title), plain(alert.body)), "")

    def _argv(self, title: str, body: str) -> list[str]:
        if program := self._find("notify-send"):
            return [program, "--app-name=spymon", "--", title, html.escape(body, quote=False)]
        if program := self._find("osascript"):
            script = (
                "on run argv",
                "display notification (item 2 of argv) with title (item 1 of argv)",
                "end run",
            )
            return [program, *(word for line in script for word in ("-e", line)), title, body]
        raise AlertError(self.name, "neither notify-send nor osascript is installed")


class Command:
    """Runs a command of the person's, without a shell: `{title}` and the like in its arguments are filled in,
    and the alert comes on its stdin as a JSON object.
    """

    name = "command"
    direct: ClassVar[bool] = False

    def __init__(self, argv: Sequence[str], timeout_s: float = TIMEOUT_S) -> None:
        self._argv = tuple(argv)
        self._timeout_s = timeout_s

    def prepare(self) -> None:
        """Find the program, and the meaning of every placeholder."""
        if not self._argv:
            raise AlertError(
                self.name, 'there is nothing to run; put command = ["program", "{title}"] under [alerts]'
            )
        unknown = [name for word in self._argv for name in _BRACES.findall(word) if name not in PLACEHOLDERS]
        if unknown:
            known = ", ".join(PLACEHOLDERS)
            raise AlertError(self.name, f"{{{unknown[0]}}} is no placeholder; there are {known}")
        if shutil.which(self._argv[0]) is None:
            raise AlertError(self.name, f"{self._argv[0]} is not a program that can be run")

    def send(self, alert: Alert) -> None:
        """Run it to its end."""
        self.prepare()
        fields = alert.fields()
        argv = [_BRACES.sub(lambda match: fields.get(match[1], ""), word) for word in self._argv]
        _run(self.name, argv, json.dumps(alert.as_object()) + "\n", self._timeout_s)


_BRACES = re.compile(r"\{(\w+)\}")


def make_channels(
    specs: Sequence[str], command: Sequence[str], write: Write | None, environ: Mapping[str, str]
) -> list[Channel]:
    """Return a channel per spec: one of `WORDS`, or a URL.

    write : to the terminal, None where there is none
    """
    names: list[str] = []
    made: list[Channel] = []
    for spec in dict.fromkeys(specs):
        scheme = spec.partition("://")[0].lower()
        names.append(scheme)
        name = scheme if names.count(scheme) == 1 else f"{scheme}-{names.count(scheme)}"
        made.append(_make(spec, name, command, write, environ))
    return made


def _make(
    spec: str, name: str, command: Sequence[str], write: Write | None, environ: Mapping[str, str]
) -> Channel:
    match spec:
        case "bell":
            return Bell(write)
        case "toast":
            return Toast(write, environ)
        case "desktop":
            return Desktop()
        case "command":
            return Command(command)
        case _:
            return UrlChannel(name, spec)


def _terminal(name: str, write: Write | None) -> Write:
    if write is None:
        raise AlertError(name, "there is no terminal")
    return write


def _run(name: str, argv: Sequence[str], stdin: str, timeout_s: float = TIMEOUT_S) -> None:
    """Run a program to its end; its stderr goes to a file, since a pipe could be held open."""
    with TemporaryFile() as heard:
        try:
            done = subprocess.run(
                argv,
                input=stdin.encode(),
                stdout=subprocess.DEVNULL,
                stderr=heard,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AlertError(name, f"{argv[0]} took longer than {timeout_s:g} s") from None
        except OSError as error:
            raise AlertError(name, f"{argv[0]} cannot be run ({error.strerror})") from None
        if done.returncode:
            heard.seek(0)
            lines = heard.read(10_000).decode(errors="replace").strip().splitlines()
            said = f" ({plain(lines[-1])})" if lines else ""
            raise AlertError(name, f"{argv[0]} ended with status {done.returncode}{said}")
