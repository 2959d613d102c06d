"""The most memory a replay of all symbols takes, without a screen and on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .days import on_disk, simulated
from .screen import PATIENCE_S, arguments, settle
from .sizes import DAY, Sizes
from .table import Row, at_most, skipped
from .terminal import Terminal
from .timing import run, spymon_command

LIMIT_MB = 500.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the memory's rows: of the simulated day, then of the same day on disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _both(sizes, folder, "simulated")
        for symbol in sizes.symbols:
            on_disk(simulated(symbol), folder / "data")
        yield from _both(sizes, folder, "from disk")


def _both(sizes: Sizes, folder: Path, whence: str) -> Iterator[Row]:
    what = f"peak memory, {len(sizes.symbols)} symbols {whence}"
    bounds = ["--to", sizes.until] if sizes.until else []
    given = ["--replay", str(DAY), "--symbol", ",".join(sizes.symbols), "--speed", "max", *bounds]
    command = [*spymon_command(), *given, "--headless", "--json", "--data-dir", str(folder / "data")]
    yield at_most(f"{what}, headless at max", run(command, folder).peak_mb, LIMIT_MB, "MB", 0)
    yield _on_screen(sizes, folder, f"{what}, on the screen, every day loaded")


def _on_screen(sizes: Sizes, folder: Path, what: str) -> Row:
    with Terminal(arguments(sizes), folder) as terminal:
        terminal.listen(PATIENCE_S, until=lambda said: b"STRIKE" in said)
        settle(terminal)
        peak_mb = terminal.peak_mb()
    if peak_mb is None:
        return skipped(what, "this system does not tell it")
    return at_most(what, peak_mb, LIMIT_MB, "MB", 0)
