"""spymon in a process of its own, with an environment of its own, at any moment.

Run as a program, with how many ns its clock is ahead and then spymon's own words, it is spymon. In place of
the number a file may hold it: written anew, it is a clock that leaps, as that of a machine that has slept.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.paths import ROOT

_THEIRS = ("SPYMON_", "MASSIVE_", "POLYGON_", "S3_", "SSH_", "SSL_", "COLUMNS", "LINES")


def environ(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment that holds nothing of the person who runs the tests."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_THEIRS)}
    return kept | {"XDG_CONFIG_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)} | more


async def spymon(
    words: str,
    folder: Path,
    environ: dict[str, str],
    at_ns: int | Path | None = None,
    terminal: int | None = None,
) -> asyncio.subprocess.Process:
    """Start it in a folder, its streams in pipes or all of them a terminal's.

    at_ns : what its clock shows then, ns UTC, or a file that `leap` writes; None for the present
    """
    ahead = at_ns if isinstance(at_ns, Path) else 0 if at_ns is None else at_ns - time.time_ns()
    streams = subprocess.PIPE if terminal is None else terminal
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(ahead), *words.split(),
        cwd=folder, env=environ, stdin=subprocess.DEVNULL if terminal is None else terminal,
        stdout=streams, stderr=streams, limit=1 << 24,
    )  # fmt: skip


def leap(clock: Path, to_ns: int) -> None:
    """Have the clock of whoever was started with this file show `to_ns` now."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(str(to_ns - time.time_ns()))
    fresh.replace(clock)


def _run() -> int:
    word, shown = sys.argv.pop(1), time.time_ns
    if word.lstrip("-").isdigit():
        time.time_ns = lambda: shown() + int(word)
    else:
        time.time_ns = lambda: shown() + int(Path(word).read_text())
    from tui.cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(_run())
