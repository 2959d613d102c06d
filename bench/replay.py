"""A whole day at the unlimited speed without a screen: the fold after load, and the real process.

After load means that the tape lies in memory; drawing or decoding it is measured beside.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from statistics import median

from engine.session.headless import replay
from engine.session.symbol_day import PlayerParams
from engine.tape.tape import Tape

from .days import LoadedTape, OneTape, on_disk, simulated
from .sizes import DAY, Sizes
from .table import Row, at_most, same, told
from .timing import Used, cpu_s, run, spymon_command

LIMIT_S = 3.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the replay's rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = simulated(sizes.symbol)
        loaded = LoadedTape(drawn)
        stored = on_disk(loaded, folder / "data")
        millions = loaded.events / 1e6
        what = f"headless replay at max of {millions:.2f}M events, "
        yield at_most(what + "loaded", _played_s(sizes, loaded), LIMIT_S, "s")
        yield at_most(what + "decoded from disk on the way", _played_s(sizes, stored), LIMIT_S, "s")
        yield told(what + "drawn on the way", _played_s(sizes, drawn), "s")
        yield from _processes(sizes, folder)


def _played_s(sizes: Sizes, tape: Tape) -> float:
    """Return the median processor seconds of a replay with all its views and lines' worth of items."""
    source = OneTape(tape)

    def play() -> None:
        for _ in replay(
            source, source.symbols, PlayerParams(), inf, time.monotonic_ns, time.sleep, views=True
        ):
            pass

    play()
    return median(cpu_s(play) for _ in range(sizes.rounds))


def _processes(sizes: Sizes, folder: Path) -> Iterator[Row]:
    """Run the real command on the day on disk, and on the simulated one."""
    bounds = ["--to", sizes.until] if sizes.until else []
    given = ["--replay", str(DAY), "--symbol", sizes.symbol, "--speed", "max", *bounds]

    def play(data: str) -> Callable[[], Used]:
        command = [*spymon_command(), *given, "--headless", "--json", "--data-dir", str(folder / data)]
        return lambda: run(command, folder)

    hashes = []
    for data, what in (("data", "from disk"), ("empty", "simulated")):
        runs = [play(data)() for _ in range(min(sizes.rounds, 3))]
        summary = json.loads(runs[-1].out.splitlines()[-1])
        hashes.append(summary["state_hash"])
        yield told(f"  `spymon --headless --json`, {what}: the whole process, wall", _wall(runs), "s")
        yield told("    of it reading and folding, by its own summary", summary["wall_s"], "s")
        yield told("    processor time, threads of all libraries included", _cpu(runs), "s")
    yield same("  both fold to the same state hash", len(set(hashes)) == 1)


def _wall(runs: list[Used]) -> float:
    return median(used.wall_s for used in runs)


def _cpu(runs: list[Used]) -> float:
    return median(used.cpu_s for used in runs)
