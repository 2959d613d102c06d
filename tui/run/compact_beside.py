"""Recordings made into days beside the screen, by a process of their own.

Owns that process: it is `spymon compact`, as anybody could call it, at the lowest priority. It refuses to
know how a recording becomes a day.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

PREFIX = "spymon: "
"""How a sentence on stderr begins."""

_CALL = """
import os, sys
getattr(os, "nice", int)(19)
sys.path[:] = {path!r}
from tui.cli.main import main
sys.exit(main())
"""
"""Runs the modules that run here, wherever they lie."""


async def compact_apart(data_dir: Path, say: Callable[[str], None]) -> None:
    """Make days of every recording of a data folder that nobody writes, and say at once what came of each.

    Cancelled, it ends the process and loses nothing: a recording goes only once its day is verified.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CALL.format(path=sys.path), "compact", "--data-dir", str(data_dir),
            stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        say(f"The recording was not made into a day ({error.strerror}); spymon compact does it.")
        return
    try:
        out, err = await process.communicate()
    finally:
        await _end(process)
    sentences = [line.removeprefix(PREFIX) for line in (out + err).decode(errors="replace").splitlines()]
    if sentences:
        say("\n".join(sentences))
    elif process.returncode:
        why = f"exit code {process.returncode}"
        say(f"The recording was not made into a day ({why}); spymon compact does it.")


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
