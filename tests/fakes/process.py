"""spymon in a process of its own, with an environment of its own, at any moment.

Run as a program, with how many ns its clock is ahead and then spymon's own words, it is spymon.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_THEIRS = ("SPYMON_", "MASSIVE_", "POLYGON_", "S3_", "SSH_", "SSL_", "COLUMNS", "LINES")


def environ(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment that holds nothing of the person who runs the tests."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_THEIRS)}
    return kept | {"XDG_CONFIG_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)} | more


async def spymon(
    words: str,
    folder: Path,
    environ: dict[str, str],
    at_ns: int | None = None,
    terminal: int | None = None,
) -> asyncio.subprocess.Process:
    """Start it in a folder, its streams in pipes or all of them a terminal's.

    at_ns : what its clock shows then, ns UTC; None for the present
    """
    ahead_ns = 0 if at_ns is None else at_ns - time.time_ns()
    streams = subprocess.PIPE if terminal is None else terminal
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(ahead_ns), *words.split(),
        cwd=folder, env=environ, stdin=subprocess.DEVNULL if terminal is None else terminal,
        stdout=streams, stderr=streams, limit=1 << 24,
    )  # fmt: skip


def _run() -> int:
    ahead_ns = int(sys.argv.pop(1))
    shown = time.time_ns
    time.time_ns = lambda: shown() + ahead_ns
    from tui.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(_run())
